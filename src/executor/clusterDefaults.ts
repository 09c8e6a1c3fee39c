let ownDefaults: () => unknown = () => ({});

/** Sets where this program's defaults of cluster jobs come from, such as a window's settings; asked for at each use. */
export function giveSlurmDefaults(defaults: () => unknown): void {
  ownDefaults = defaults;
}

/** This program's defaults of what a cluster's job asks for, as they are written: not checked. */
export const clusterDefaults = (): unknown => ownDefaults();
