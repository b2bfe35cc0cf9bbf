import { bytesText } from '../../src/bytes-text.js';
import type { DeviceTrial } from '../../src/devices/try-device.js';
import type { DeviceReport } from '../../src/doctor/devices.js';
import type { Examination } from '../../src/doctor/examination.js';
import { escapeControls } from './escape-controls.js';
import { type Column, figure, table } from './table.js';
import { wrap } from './wrap.js';

const whenWorks = (device: DeviceReport, text: (works: DeviceTrial) => string): string =>
  device.status === 'works' ? text(device) : '-';

// The CPU is the baseline for the other devices.
const compared = (device: DeviceReport, text: (works: DeviceTrial) => string): string =>
  device.name === 'cpu' ? '-' : whenWorks(device, text);

const DEVICES: readonly Column<DeviceReport>[] = [
  { title: 'device', cell: ({ name }) => name },
  {
    title: 'GFLOP/s',
    align: 'right',
    cell: (device) => whenWorks(device, ({ flops }) => figure(flops / 1e9)),
  },
  {
    title: 'vs. CPU',
    align: 'right',
    cell: (device) => compared(device, ({ flops, cpuFlops }) => `${figure(flops / cpuFlops)}×`),
  },
  {
    title: 'largest error',
    align: 'right',
    cell: (device) => compared(device, ({ error }) => error.toExponential(1)),
  },
  { title: 'status', cell: statusText },
];

/** Renders an examination as text for a terminal of the given width. */
export function examinationText(examination: Examination, width?: number): string {
  const { devices, cache, environment, advice } = examination;
  const models = cache.models.map(({ repo, bytes }) => `${repo}, ${bytesText(bytes)}`);
  return [
    ...facts([...versionFacts(examination), ...machineFacts(examination), ...imageFacts(examination)], width),
    '',
    table(devices, DEVICES, width),
    '',
    ...facts(missingFacts(examination), width),
    '',
    ...facts(
      [
        ['Cache', cache.folder],
        ['Models', models.length > 0 ? models : 'demo (included); none in the cache'],
        ['Environment', Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
        ['Advice', advice.length > 0 ? advice : 'nothing to improve'],
      ],
      width,
    ),
  ].join('\n');
}

const LABEL = 13; // characters

type Fact = readonly [label: string, value: string | readonly string[]];

function versionFacts({ versions, images, machine }: Examination): readonly Fact[] {
  const { halonet, node } = versions;
  const parts = [`halonet ${halonet}`, `Node ${node}`, `onnxruntime-node ${versions['onnxruntime-node']}`];
  if ('read' in images) parts.push(`sharp ${images.sharp}`, `libvips ${images.libvips}`);
  return [
    ['Versions', parts.join(', ')],
    ['System', `${machine.system}, ${machine.arch}`],
  ];
}

function machineFacts({ machine: { cpu, memory } }: Examination): readonly Fact[] {
  const cores = [`${cpu.model}, ${cpu.cores} cores`];
  if (cpu.usable < cpu.cores) cores.push(`${cpu.usable} of them usable`);
  if (cpu.limit !== undefined) cores.push(`limited to the time of ${cpu.limit}`);
  const sizes = [bytesText(memory.total), `${bytesText(memory.available)} available`];
  if (memory.limit !== undefined && memory.limit < memory.total)
    sizes.push(`limited to ${bytesText(memory.limit)}`);
  return [
    ['CPU', [cores.join(', '), cpu.features?.join(', ') ?? 'its instructions are not known']],
    ['int8', cpu.int8],
    ['Memory', sizes.join(', ')],
  ];
}

function imageFacts({ images }: Examination): readonly Fact[] {
  if ('problem' in images) return [['Images', images.problem]];
  const lines = [`read: ${images.read.join(', ')}`, `not read: ${images.unread.join(', ')}`];
  const failing = images.failing.map(({ name, reason }) => `failing: ${name}, ${reason}`);
  const missing = images.missing.map(({ hint }) => hint);
  return [['Images', [...lines, ...missing, ...failing]]];
}

/** Lists what devices lack but could have on this machine, and how to get it. */
function missingFacts({ devices }: Examination): readonly Fact[] {
  return devices.flatMap((device): readonly Fact[] => {
    if (device.status === 'works' || !device.obtainable) return [];
    return [[device.name, [device.detail, ...(device.hint === undefined ? [] : [device.hint])]]];
  });
}

/** Aligns labels and values in two columns; each label stands beside its first value. */
function facts(rows: readonly Fact[], width = Infinity): readonly string[] {
  const shown = rows.filter(([, value]) => value.length > 0);
  return shown.flatMap(([label, value]) => {
    const lines = [value].flat().flatMap((line) => wrap(escapeControls(line), width - LABEL));
    return lines.map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL)}${line}`);
  });
}

function statusText(device: DeviceReport): string {
  if (device.status === 'absent') return device.reason;
  return device.mixed ? 'works, with some operators on the CPU' : 'works';
}
