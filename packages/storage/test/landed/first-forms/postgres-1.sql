CREATE TABLE "attempts" (
	"execution_id" text collate "C" NOT NULL,
	"attempt" bigint NOT NULL,
	"worker_id" text collate "C" NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"queue_ms" double precision NOT NULL,
	"run_ms" double precision NOT NULL,
	"failure" text,
	"error" json,
	"logs" json NOT NULL,
	"logs_truncated" boolean NOT NULL,
	CONSTRAINT "attempts_execution_id_attempt_pk" PRIMARY KEY("execution_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "clients" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"name" text collate "C" NOT NULL,
	"scopes" json NOT NULL,
	"secret_hash" text collate "C" NOT NULL,
	"configured_secret_hash" text collate "C",
	"created_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "executions" (
	"execution_id" text collate "C" PRIMARY KEY NOT NULL,
	"trigger_id" text NOT NULL,
	"hook_id" text collate "C" NOT NULL,
	"hook_name" text collate "C" NOT NULL,
	"version_id" text collate "C" NOT NULL,
	"accepted_at" timestamp (3) with time zone NOT NULL,
	"replay_of" text collate "C",
	"status" text NOT NULL,
	"status_at" timestamp (3) with time zone NOT NULL,
	"next_attempt_at" timestamp (3) with time zone,
	"failure" text,
	"error" json
);
--> statement-breakpoint
CREATE TABLE "hook_versions" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"hook_id" text collate "C" NOT NULL,
	"number" bigint NOT NULL,
	"name" text collate "C" NOT NULL,
	"script" text collate "C" NOT NULL,
	"dependencies" json NOT NULL,
	"sealed_secrets" json NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "hooks" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"name" text collate "C" NOT NULL,
	"trigger_id" text NOT NULL,
	"enabled" boolean NOT NULL,
	"version_number" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"kid" text collate "C" PRIMARY KEY NOT NULL,
	"algorithm" text collate "C" NOT NULL,
	"public_jwk" json NOT NULL,
	"sealed_private_jwk" text collate "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_execution_id_executions_execution_id_fk" FOREIGN KEY ("execution_id") REFERENCES "executions"("execution_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hook_versions" ADD CONSTRAINT "hook_versions_hook_id_hooks_id_fk" FOREIGN KEY ("hook_id") REFERENCES "hooks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "executions_newest" ON "executions" USING btree ("accepted_at","execution_id");--> statement-breakpoint
CREATE INDEX "executions_by_trigger" ON "executions" USING btree ("trigger_id","accepted_at","execution_id");--> statement-breakpoint
CREATE INDEX "executions_by_hook" ON "executions" USING btree ("hook_id","accepted_at","execution_id");--> statement-breakpoint
CREATE INDEX "executions_by_trigger_status" ON "executions" USING btree ("trigger_id","status","accepted_at","execution_id");--> statement-breakpoint
CREATE INDEX "executions_by_hook_status" ON "executions" USING btree ("hook_id","status","accepted_at","execution_id");--> statement-breakpoint
CREATE INDEX "executions_by_status" ON "executions" USING btree ("status","accepted_at","execution_id");--> statement-breakpoint
CREATE UNIQUE INDEX "hook_versions_number_unique" ON "hook_versions" USING btree ("hook_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "hooks_name_unique" ON "hooks" USING btree ("name");--> statement-breakpoint
CREATE INDEX "hooks_trigger" ON "hooks" USING btree ("trigger_id");--> statement-breakpoint
CREATE UNIQUE INDEX "signing_keys_one_current" ON "signing_keys" USING btree ("algorithm") WHERE "signing_keys"."retired_at" is null;
