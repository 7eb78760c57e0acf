/** Where the root file system of a container image is that the machine's application comes from. */
export const IMAGE_ROOT = '/.deja/image';

/**
 * The application of a container image has the image as its root: its libraries, its programs, its users. The agent stays in the base, whose system folders
 * the image cannot change. All other folders are the image's for both, so that paths mean the same; so are names, addresses and users. `/run` is the machine's,
 * which has the files of the agent in it: what the image has there is copied into it.
 */
export const USE_IMAGE_ROOT = `
image=${IMAGE_ROOT}
if [ -d $image ]; then
  export DEJA_APP_ROOT=$image
  for name in dev proc sys run etc tmp .deja .deja/host; do
    [ -d "$image/$name" ] && [ ! -L "$image/$name" ] || { rm -rf "$image/$name"; mkdir "$image/$name"; }
  done
  chmod 1777 $image/tmp
  cp -a $image/run/. /run/
  for name in dev proc sys run .deja/host; do mount --rbind "/$name" "$image/$name"; done
  for name in hosts resolv.conf hostname; do rm -rf "$image/etc/$name"; cp "/etc/$name" "$image/etc/$name"; done
  for name in nsswitch.conf passwd group; do [ -f "$image/etc/$name" ] && [ ! -L "$image/etc/$name" ] || { rm -rf "$image/etc/$name"; cp "/etc/$name" "$image/etc/$name"; }; done
  for name in hosts passwd group; do mount --bind "$image/etc/$name" "/etc/$name"; done
  for folder in "$image"/* "$image"/usr/*; do
    at="\${folder#$image}"
    case "$at" in /bin|/sbin|/lib*|/usr|/dev|/proc|/sys|/run|/etc|/usr/bin|/usr/sbin|/usr/lib*|/usr/share|/usr/include) continue ;; esac
    if [ -L "$folder" ]; then [ -e "$at" ] || ln -s "$(readlink "$folder")" "$at"
    elif [ -d "$folder" ]; then mkdir -p "$at"; mount --bind "$folder" "$at"
    fi
  done
fi
`;
