// node --import clock.mjs: a process whose clock is ADEPT_CLOCK milliseconds off; with ADEPT_CLOCK_AFTER it is right until it was asked so often, and then off by as much again each time it is asked.
const off = Number(process.env["ADEPT_CLOCK"]);
const after = Number(process.env["ADEPT_CLOCK_AFTER"] ?? 0);
const now = Date.now;
const Real = Date;
let asked = 0;
const shifted = () => {
  asked++;
  return now() + (after === 0 ? off : off * Math.max(0, asked - after));
};
globalThis.Date = new Proxy(Real, {
  construct: (of, args, target) => Reflect.construct(of, args.length === 0 ? [shifted()] : args, target),
  get: (of, name) => (name === "now" ? shifted : Reflect.get(of, name)),
});
