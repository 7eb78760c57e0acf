/** Ways into new namespaces. */
export type Launcher = 'bubblewrap' | 'unshare';
