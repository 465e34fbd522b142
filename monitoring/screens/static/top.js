// Brings a page back to its top when another part of a list is shown: it is read from its first line.

// data: {shown}, which part that is.
export function mount(root, { shown }) {
  if (root.shown !== undefined && root.shown !== shown) document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });
  root.shown = shown;
}
