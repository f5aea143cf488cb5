ALTER TABLE "attempts" ADD COLUMN "after_answer" json;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "after_answer_ms" double precision;