// node --import clock.mjs: shifts the clock of the process by ADEPT_CLOCK milliseconds. With ADEPT_CLOCK_AFTER the
// clock is right for that many calls and then shifts by as much again with each call.
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
