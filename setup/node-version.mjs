// Is this Node recent enough? An old Node has to read this file and the ones that import it before
// it can print the answer, so they use only syntax and modules that Node 12 knows.

export function requireRecentNode() {
  var parts = process.versions.node.split('.').map(Number);
  if (parts[0] > 20 || (parts[0] === 20 && parts[1] >= 19)) return;
  console.error(
    'Error: Node ' +
      process.versions.node +
      ' is too old; expected 20.19 or later. Install Node 22 or 24 (https://nodejs.org) and run this again.',
  );
  process.exit(1);
}
