/** The devices that ADEPT_DEVICES, a comma-separated list, names; undefined where it is not set. */
export const namedDevices = (names: string | undefined): string[] | undefined =>
  names?.split(",").map((name) => name.trim());
