// Preloaded into a process (`--import skewed-clock.ts?ms=500`): its clock is that far ahead of the others'.
const shiftMs = Number(new URL(import.meta.url).searchParams.get("ms"))
const rightNow = Date.now

Date.now = () => rightNow() + shiftMs
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget),
})
