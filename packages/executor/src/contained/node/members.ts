/** Written by `npm run builtins`: what Node's modules have that hooks may load and not use. */
const TEXT = `
child_process: ChildProcess exec execFile execFileSync execSync fork spawn spawnSync
cluster: SCHED_NONE SCHED_RR Worker disconnect fork isMaster isPrimary isWorker schedulingPolicy settings setupMaster setupPrimary workers
dgram: Socket createSocket
domain: Domain active create createDomain
ffi: DynamicLibrary dlclose dlopen dlsym exportArrayBuffer exportArrayBufferView exportBuffer exportString getCurrentEventLoop getFloat32 getFloat64 getInt16 getInt32 getInt64 getInt8 getRawPointer getUint16 getUint32 getUint64 getUint8 setFloat32 setFloat64 setInt16 setInt32 setInt64 setInt8 setUint16 setUint32 setUint64 setUint8 suffix toArrayBuffer toBuffer toString types
fs: Dir Dirent FileReadStream FileWriteStream ReadStream Stats Utf8Stream WriteStream access accessSync appendFile appendFileSync chmod chmodSync chown chownSync close closeSync constants copyFile copyFileSync cp cpSync createReadStream createWriteStream exists existsSync fchmod fchmodSync fchown fchownSync fdatasync fdatasyncSync fstat fstatSync fsync fsyncSync ftruncate ftruncateSync futimes futimesSync glob globSync lchmod lchmodSync lchown lchownSync link linkSync lstat lstatSync lutimes lutimesSync mkdir mkdirSync mkdtemp mkdtempDisposableSync mkdtempSync open openAsBlob openAsBlobSync openSync opendir opendirSync promises read readFile readFileSync readSync readdir readdirSync readlink readlinkSync readv readvSync realpath realpathSync rename renameSync rm rmSync rmdir rmdirSync stat statSync statfs statfsSync symlink symlinkSync truncate truncateSync unlink unlinkSync unwatchFile utimes utimesSync watch watchFile write writeFile writeFileSync writeSync writev writevSync
fs/promises: access appendFile chmod chown constants copyFile cp glob lchmod lchown link lstat lutimes mkdir mkdtemp mkdtempDisposable open opendir readFile readdir readlink realpath rename rm rmdir stat statfs symlink truncate unlink utimes watch writeFile
http2: Http2ServerRequest Http2ServerResponse connect constants createSecureServer createServer getDefaultSettings getPackedSettings getUnpackedSettings performServerHandshake sensitiveHeaders
inspector: DOMStorage Network NetworkResources Session close console open url waitForDebugger
inspector/promises: DOMStorage Network NetworkResources Session close console open url waitForDebugger
module: Module SourceMap builtinModules constants createRequire enableCompileCache findPackageJSON findSourceMap flushCompileCache getCompileCacheDir getSourceMapsSupport globalPaths isBuiltin register registerHooks runMain setSourceMapsSupport stripTypeScriptTypes syncBuiltinESMExports wrap wrapper
repl: REPLServer REPL_MODE_SLOPPY REPL_MODE_STRICT Recoverable builtinModules isValidSyntax start writer
sea: getAsset getAssetAsBlob getAssetKeys getRawAsset isSea
sqlite: DatabaseSync Session StatementSync backup constants
test: after afterEach assert before beforeEach describe expectFailure getTestContext it mock only run skip snapshot suite test todo
test/reporters: dot junit lcov spec tap
trace_events: createTracing getEnabledCategories
tty: ReadStream WriteStream isatty
v8: DefaultDeserializer DefaultSerializer Deserializer GCProfiler Serializer cachedDataVersionTag deserialize getCppHeapStatistics getHeapCodeStatistics getHeapSnapshot getHeapSpaceStatistics getHeapStatistics isStringOneByteRepresentation promiseHooks queryObjects serialize setFlagsFromString setHeapProfileNearHeapLimit setHeapSnapshotNearHeapLimit startCpuProfile startHeapProfile startupSnapshot stopCoverage takeCoverage writeHeapSnapshot
vm: Script compileFunction constants createContext createScript isContext measureMemory runInContext runInNewContext runInThisContext
wasi: WASI
worker_threads: BroadcastChannel MessageChannel MessagePort SHARE_ENV Worker getEnvironmentData isInternalThread isMainThread isMarkedAsUntransferable locks markAsUncloneable markAsUntransferable moveMessagePortToContext parentPort postMessageToThread receiveMessageOnPort resourceLimits setEnvironmentData threadId threadName workerData
`

export const MEMBERS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  TEXT.trim()
    .split("\n")
    .map((line) => line.split(": "))
    .map(([module = "", names = ""]) => [module, names.split(" ")]),
)
