// Edits of .gitignore files, at the top of a root and below, with all that git knows: whole trees come and go by them.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ruledNames } from '../operations.ts';
import { below, oneOf, type Special, type Stage } from '../stage.ts';
import { rulesName } from '../truth.ts';

/** What can stand for a name in a pattern. */
const wildcards = ['*', '?', 'n*', 'n?', '[n]1', '[nN]2', 'n[0-2]', '[!n]*', '*.log', '*.[lL]og', '**'];
/** Lines that are no rules, or hardly. */
const oddLines = [
  '',
  '# n0',
  '\\#c',
  '\\!d',
  'sp ',
  'sp\\ ',
  '/',
  '!',
  'n1//',
  ' n2',
  'n3\r',
  '\ufeffn4',
  '[',
  'n5\\',
];

function segment(stage: Stage): string {
  return stage.random() < 0.5 ? oneOf(stage, ruledNames) : oneOf(stage, wildcards);
}

function pattern(stage: Stage): string {
  const { random } = stage;
  if (random() < 0.1) return oneOf(stage, oddLines);
  const segments = Array.from({ length: random() < 0.6 ? 1 : 1 + below(stage, 3) }, () => segment(stage));
  const anchored = random() < 0.2 ? '/' : '';
  const ofDirectories = random() < 0.2 ? '/' : '';
  const negated = random() < 0.3 ? '!' : '';
  return `${negated}${anchored}${segments.join('/')}${ofDirectories}`;
}

function lines(stage: Stage): string {
  const text = Array.from({ length: 1 + below(stage, 5) }, () => pattern(stage)).join('\n');
  return stage.random() < 0.8 ? `${text}\n` : text;
}

/** The directories of a tree, the top one included. */
function directoriesOf(top: string): string[] {
  const below_ = readdirSync(top, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== '.git',
  );
  return [top, ...below_.flatMap(({ name }) => directoriesOf(join(top, name)))];
}

/** One edit of the rules of a directory. */
function edit(stage: Stage, directory: string): void {
  const path = join(directory, rulesName);
  const there = lstatSync(path, { throwIfNoEntry: false });
  const edits: [string, () => void][] = [
    ['write', () => writeFileSync(path, lines(stage))],
    ['write', () => writeFileSync(path, lines(stage))],
    ['append', () => appendFileSync(path, lines(stage))],
    ['empty', () => writeFileSync(path, '')],
    ['remove', () => rmSync(path, { recursive: true })],
    ['remove', () => rmSync(path, { recursive: true })],
    [
      'save by rename',
      () => {
        writeFileSync(`${path}.tmp`, lines(stage));
        renameSync(`${path}.tmp`, path);
      },
    ],
    [
      'link',
      () => {
        rmSync(path, { recursive: true, force: true });
        // git reads no rules through a link.
        writeFileSync(join(directory, 'rules'), lines(stage));
        symlinkSync('rules', path);
      },
    ],
    [
      'directory',
      () => {
        rmSync(path, { recursive: true, force: true });
        mkdirSync(path);
      },
    ],
  ];
  const [what, run] = oneOf(stage, edits);
  // What is in its way goes first, now and then, or there would be no rules in the end.
  if (there !== undefined && !there.isFile()) rmSync(path, { recursive: true });
  try {
    run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return;
  }
  stage.note(`rules: ${what}`, path);
}

/** A repository begins in a directory, or is one no longer: the rules from above end at its top. */
function turnRepository(stage: Stage, directory: string): void {
  const path = join(directory, '.git');
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    spawnSync('git', ['init', '--quiet', '--template=', directory]);
    stage.note('git init', directory);
  } else {
    rmSync(path, { recursive: true });
    stage.note('rm -rf .git', directory);
  }
}

async function rulesEdited(stage: Stage): Promise<void> {
  const { ruled } = stage.workplace;
  for (let edits = 1 + below(stage, 20); edits > 0; edits--) {
    const directories = directoriesOf(ruled);
    const directory = stage.random() < 0.3 ? ruled : oneOf(stage, directories);
    edit(stage, directory);
    if (directory !== ruled && stage.random() < 0.1) turnRepository(stage, directory);
    if (stage.random() < 0.5) await stage.during(delay(below(stage, 30)));
  }
}

/** Tens of thousands of files are ignored from one moment to the next, and come back. */
async function largeTreesIgnored(stage: Stage): Promise<void> {
  const { outer } = stage.workplace;
  const path = join(outer, rulesName);
  for (const rule of ['/large*/\n', undefined]) {
    if (rule === undefined) rmSync(path, { force: true });
    else writeFileSync(path, rule);
    stage.note('rules: large trees', path);
    await stage.during(delay(below(stage, 400)));
    if (stage.random() < 0.3) stage.large.move();
    if (rule !== undefined && stage.random() < 0.3) await stage.agrees();
  }
}

export const rules: readonly Special[] = [
  { name: 'edits of rules', weight: 24, run: rulesEdited },
  { name: 'large trees ignored', weight: 4, run: largeTreesIgnored },
];
