/**
 * Preloaded (`node --import`) into a service: its clock is ahead by SKEWED_CLOCK_MS milliseconds, or
 * behind when that is negative. Timers run as ever.
 */
const SKEW = Number(process.env.SKEWED_CLOCK_MS);
const TrueDate = Date;

globalThis.Date = new Proxy(TrueDate, {
  construct(target, args, newTarget) {
    return Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget);
  },
  get(target, name, receiver) {
    return name === 'now' ? () => TrueDate.now() + SKEW : Reflect.get(target, name, receiver);
  },
});
