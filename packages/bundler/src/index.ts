export {
  type Build,
  type BuildInput,
  type BuildResult,
  type Bundler,
  type BundlerOptions,
  buildEnv,
  openBundler,
} from "./bundler.ts"
