ALTER TABLE `attempts` ADD `after_answer` text;--> statement-breakpoint
ALTER TABLE `attempts` ADD `after_answer_ms` real;