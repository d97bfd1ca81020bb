/** File systems whose changes made elsewhere give no hints, by the magic number of statfs(2). */
const silentFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x786f4256, 'VirtualBox shared folder'],
  [0x61636673, 'ACFS'],
  [0x00c36400, 'Ceph'],
]);

/**
 * What kind of file system it is, if it is one that gives no events for changes made elsewhere.
 * @param type the `type` of statfs(2), signed as some platforms have it
 */
export function silentFileSystem(type: number): string | undefined {
  return silentFileSystems.get(type >>> 0);
}
