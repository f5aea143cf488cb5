CREATE TABLE `attempts` (
	`execution_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`worker_id` text NOT NULL,
	`started_at` integer NOT NULL,
	`queue_ms` real NOT NULL,
	`run_ms` real NOT NULL,
	`failure` text,
	`error` text,
	`logs` text NOT NULL,
	`logs_truncated` integer NOT NULL,
	PRIMARY KEY(`execution_id`, `attempt`),
	FOREIGN KEY (`execution_id`) REFERENCES `executions`(`execution_id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `bundles` (
	`id` text PRIMARY KEY NOT NULL,
	`code` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`secret_hash` text NOT NULL,
	`configured_secret_hash` text,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE TABLE `executions` (
	`execution_id` text PRIMARY KEY NOT NULL,
	`trigger_id` text NOT NULL,
	`hook_id` text NOT NULL,
	`hook_name` text NOT NULL,
	`version_id` text NOT NULL,
	`accepted_at` integer NOT NULL,
	`replay_of` text,
	`status` text NOT NULL,
	`status_at` integer NOT NULL,
	`next_attempt_at` integer,
	`failure` text,
	`error` text,
	`answered_by` text
);
--> statement-breakpoint
CREATE INDEX `executions_newest` ON `executions` (`accepted_at`,`execution_id`);--> statement-breakpoint
CREATE INDEX `executions_by_trigger` ON `executions` (`trigger_id`,`accepted_at`,`execution_id`);--> statement-breakpoint
CREATE INDEX `executions_by_hook` ON `executions` (`hook_id`,`accepted_at`,`execution_id`);--> statement-breakpoint
CREATE INDEX `executions_by_trigger_status` ON `executions` (`trigger_id`,`status`,`accepted_at`,`execution_id`);--> statement-breakpoint
CREATE INDEX `executions_by_hook_status` ON `executions` (`hook_id`,`status`,`accepted_at`,`execution_id`);--> statement-breakpoint
CREATE INDEX `executions_by_status` ON `executions` (`status`,`accepted_at`,`execution_id`);--> statement-breakpoint
CREATE TABLE `hook_documents` (
	`hook_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`sealed` text,
	FOREIGN KEY (`hook_id`) REFERENCES `hooks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `hook_versions` (
	`id` text PRIMARY KEY NOT NULL,
	`hook_id` text NOT NULL,
	`number` integer NOT NULL,
	`name` text NOT NULL,
	`script` text NOT NULL,
	`dependencies` text NOT NULL,
	`sealed_secrets` text NOT NULL,
	`created_at` integer NOT NULL,
	`build_status` text NOT NULL,
	`build_log` text NOT NULL,
	`lock` text,
	`lock_hash` text,
	`specifiers` text,
	`bundle_id` text,
	FOREIGN KEY (`hook_id`) REFERENCES `hooks`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`bundle_id`) REFERENCES `bundles`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hook_versions_number_unique` ON `hook_versions` (`hook_id`,`number`);--> statement-breakpoint
CREATE INDEX `hook_versions_lock_hash` ON `hook_versions` (`lock_hash`);--> statement-breakpoint
CREATE INDEX `hook_versions_bundle` ON `hook_versions` (`bundle_id`);--> statement-breakpoint
CREATE TABLE `hooks` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`trigger_id` text NOT NULL,
	`enabled` integer NOT NULL,
	`version_number` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hooks_name_unique` ON `hooks` (`name`);--> statement-breakpoint
CREATE INDEX `hooks_trigger` ON `hooks` (`trigger_id`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`kid` text PRIMARY KEY NOT NULL,
	`algorithm` text NOT NULL,
	`public_jwk` text NOT NULL,
	`sealed_private_jwk` text NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_one_current` ON `signing_keys` (`algorithm`) WHERE "signing_keys"."retired_at" is null;
