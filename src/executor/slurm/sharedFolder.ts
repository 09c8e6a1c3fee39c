import { statfsSync } from "node:fs";

/** File systems by the number that Linux gives their type (statfs(2)), and whether other machines can see them. */
const TYPES: Readonly<Record<number, readonly [name: string, isShared: boolean]>> = {
  0x6969: ["NFS", true],
  0x0bd00bd0: ["Lustre", true],
  0x47504653: ["GPFS", true],
  0x19830326: ["BeeGFS", true],
  0x00c36400: ["Ceph", true],
  0x20030528: ["OrangeFS", true],
  0xaad7aaea: ["PanFS", true],
  0x18031977: ["WekaFS", true],
  0x5346414f: ["AFS", true],
  0xff534d42: ["CIFS", true],
  0xfe534d42: ["SMB", true],
  0x65735546: ["FUSE", true],
  0x01021997: ["9P", true],
  0xef53: ["ext4", false],
  0x58465342: ["XFS", false],
  0x9123683e: ["Btrfs", false],
  0x2fc12fc1: ["ZFS", false],
  0x01021994: ["tmpfs", false],
  0x794c7630: ["overlay", false],
};

/** The file system of a folder; `isShared`: whether it is of a kind that the nodes of a cluster may see too. */
export function fileSystemOf(folder: string): { name: string; isShared: boolean } {
  const { type } = statfsSync(folder);
  const [name, isShared] = TYPES[type >>> 0] ?? [`type 0x${(type >>> 0).toString(16)}`, true];
  return { name, isShared };
}
