// Makes a folder for notebooks of one's own, or updates the library in one.
// Usage: npm run new -- FOLDER
import { requireRecentNode } from './node-version.mjs';

requireRecentNode();
import('./notebook-folder.mjs').then(function (folder) {
  return folder.makeNotebookFolder(process.argv.slice(2));
});
