// Sets up what is missing, then executes the notebooks through the real kernel.
// Usage: npm run notebooks [-- NAME...] [-- --quick]
import { requireRecentNode } from './node-version.mjs';

requireRecentNode();
Promise.all([import('./steps.mjs'), import('./execution.mjs')]).then(function (modules) {
  return modules[0].setUp().then(function (project) {
    return modules[1].executeNotebooks(project, process.argv.slice(2));
  });
});
