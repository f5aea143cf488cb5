/** Ends a build for a reason that is the hook's own, or npm's; the message goes into the build's log. */
export class BuildFailure extends Error {}
