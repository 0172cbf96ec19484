// Draws Vega specs as Kibana and OpenSearch Dashboards do: with the interpreter, which evaluates no code.
//
//   node render.mjs MODULES < JOBS
//
// MODULES is the folder with node_modules. JOBS and what is written are JSON: [{spec, answers: {data: answer},
// adder}] in, [{svg, marks: {name: count}}] or [{error}] out. `answers` stand for what an engine would have answered.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const modules = process.argv[2];
const require = createRequire(pathToFileURL(modules + '/'));

// The bundle for browsers: among the single packages, functions would be made known to one copy and looked for in another.
const bundle = await import(pathToFileURL(`${modules}/node_modules/vega/build/vega.js`));
const vega = globalThis.vega ?? bundle.default;
const interpreter = await import(pathToFileURL(require.resolve('vega-interpreter')));

function answered(spec, answers) {
  const data = spec.data.map((one) => {
    if (typeof one.url !== 'object') return one;
    const { url, ...rest } = one;
    return { ...rest, values: answers[one.name] === undefined ? [] : [answers[one.name]] };
  });
  return { ...spec, data };
}

function count(group, marks) {
  for (const item of group.items ?? []) {
    for (const mark of item.items ?? []) {
      if (mark.name) marks[mark.name] = (marks[mark.name] ?? 0) + mark.items.length;
      count(mark, marks);
    }
  }
  return marks;
}

async function draw(job) {
  const clicks = [];
  vega.expressionFunction(job.adder, (query, index) => clicks.push({ query, index }));
  const warnings = [];
  const logger = vega.logger(vega.Warn, null, () => {});
  logger.warn = (...words) => { warnings.push(words.join(' ')); return logger; };
  logger.error = (...words) => { throw new Error(words.join(' ')); };
  const runtime = vega.parse(answered(job.spec, job.answers), {}, { ast: true });
  const view = new vega.View(runtime, { renderer: 'none', expr: interpreter.expressionInterpreter, logger });
  view.width(900).height(500);
  await view.runAsync();
  const marks = count(view.scenegraph().root, {});
  return { svg: await view.toSVG(), marks, warnings };
}

const out = [];
for (const job of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    out.push(await draw(job));
  } catch (error) {
    out.push({ error: String(error?.stack ?? error) });
  }
}
process.stdout.write(JSON.stringify(out));
