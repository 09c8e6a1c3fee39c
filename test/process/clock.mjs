// node --import clock.mjs: a process whose clock is ADEPT_CLOCK milliseconds off, from the time on that it was asked ADEPT_CLOCK_AFTER times.
const off = Number(process.env["ADEPT_CLOCK"]), after = Number(process.env["ADEPT_CLOCK_AFTER"] ?? 0), now = Date.now, Real = Date;
let asked = 0;
const shifted = () => now() + (asked++ >= after ? off : 0);
globalThis.Date = new Proxy(Real, { construct: (of, args, target) => Reflect.construct(of, args.length === 0 ? [shifted()] : args, target), get: (of, name) => (name === "now" ? shifted : Reflect.get(of, name)) });
