// Tells a page that shows one infusion when something was recorded of it since, and when nobody is signed in any more.

import * as live from "./live.js";

// data: {infusion, version}; `tell` is called with the version there is now.
export function mount(root, { infusion, version }, tell) {
  root.version = version;
  root.tell = tell;
  if (root.follows === infusion) return;
  root.stop?.();
  root.follows = infusion;
  root.stop = live.onChange((what) => {
    if (!root.isConnected) return root.stop();
    const { document: found, me } = live.current();
    if (what === "me" && me === null) location.reload(); // what is shown is for those who are signed in
    if (what === "document" && found?.id === infusion && found.version > root.version) {
      root.version = found.version;
      root.tell(found.version);
    }
    return undefined;
  });
  live.open(`infusion=${encodeURIComponent(infusion)}&screen=review`);
}
