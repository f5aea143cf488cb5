const nothing = () => {}

/** What packages ask of `worker_threads` when they are loaded: a hook is alone, in the main thread of a process. */
export function createWorkerThreadsShim(classes: Record<string, unknown>): object {
  return {
    ...classes,
    SHARE_ENV: Symbol.for("nodejs.worker_threads.SHARE_ENV"),
    getEnvironmentData: nothing,
    isInternalThread: false,
    isMainThread: true,
    isMarkedAsUntransferable: () => false,
    markAsUncloneable: nothing,
    markAsUntransferable: nothing,
    parentPort: null,
    receiveMessageOnPort: nothing,
    resourceLimits: {},
    setEnvironmentData: nothing,
    threadId: 0,
    threadName: "",
    workerData: null,
  }
}
