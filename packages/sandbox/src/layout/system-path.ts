/** Administrators' programs (`ip`, `pivot_root`, `mkfs.erofs`) are not on everyone's path. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
