// Do exported pages say in words what a figure shows? nbconvert's page as in JupyterLab leaves out the
// alternative text that a picture carries, where its other templates write it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from './stamps.mjs';

/** SHA-256 of the template: as nbconvert 7.17.2 has it, and with the text written. */
const original = 'b3316803040a2f63cccf0fb382e5f2c04236c74c3972072764bcab0d0d646dd1';
const mended = 'ed8f17efa54b2981c5492e4e08b30ac4bfc5d3e7af09c47414d397285a34f921';

const before = `class="
{%- if output | get_metadata('unconfined', 'image/png') %}`;
const alternativeText = `{%- set alttext = output | get_metadata('alt', 'image/png') -%}
{%- if alttext is not none %}
alt="{{ alttext | escape_html }}"
{%- endif %}
`;

/** Mends the template of nbconvert 7.17.2, once; any other is left as it is. */
export function mendPageExport(project) {
  const template = join(
    project.venv,
    ...['share', 'jupyter', 'nbconvert', 'templates', 'lab', 'base.html.j2'],
  );
  const source = readFileSync(template, 'utf8');
  const found = createHash('sha256').update(source).digest('hex');
  if (found === mended) return 'up to date';
  if (found !== original) return 'left as it is: not the nbconvert 7.17.2 that the texts are for';
  writeFileAtomically(template, source.replace(before, alternativeText + before));
  return 'mended: pages have the alternative texts of figures';
}
