// Sets up what is missing, then opens JupyterLab. Arguments go on to `jupyter lab`.
import { requireRecentNode } from './node-version.mjs';

requireRecentNode();
Promise.all([import('./steps.mjs'), import('./jupyter.mjs')]).then(function (modules) {
  return modules[0].setUp().then(function (project) {
    return modules[1].openJupyterLab(project, process.argv.slice(2));
  });
});
