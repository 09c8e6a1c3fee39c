/** A snapshot in the cache of the Hub: .../models--ORG--NAME/snapshots/COMMIT. */
const SNAPSHOT = /(?:^|[\\/])models--(?:.*--)?([^\\/]+)[\\/]snapshots[\\/][^\\/]+[\\/]?$/;

/** The short name of a backbone: the model of a snapshot of the Hub, or the last part of another path. */
export function backboneName(backbone: string): string {
  const snapshot = SNAPSHOT.exec(backbone)?.[1];
  return snapshot ?? backbone.split(/[\\/]/).findLast((part) => part !== "") ?? backbone;
}
