#!/usr/bin/env node
// Sets up everything that the notebooks need, as far as it is missing or out of date.
import { requireRecentNode } from './node-version.mjs';

requireRecentNode();
import('./steps.mjs').then(function (steps) {
  return steps.setUp();
});
