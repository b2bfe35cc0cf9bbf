import assert from 'node:assert/strict';
import { type Step, sampleInRounds, secondsPerRun } from '../../src/benchmark/rounds.js';

describe('sampleInRounds', () => {
  it('alternates between measurements, and gives each its own samples', async () => {
    const order: string[] = [];
    let clock = 0;
    const measurement = (label: string) => ({
      label,
      sample: async () => {
        order.push(label);
        return ++clock;
      },
    });
    const steps: Step[] = [];
    const spreads = await sampleInRounds([measurement('a'), measurement('b')], {
      phase: 'test',
      rounds: 3,
      onStep: (step) => steps.push(step),
    });
    assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b']);
    assert.deepEqual(
      spreads.map(({ samples }) => samples),
      [
        [1, 3, 5],
        [2, 4, 6],
      ],
    );
    assert.deepEqual(steps[3], { phase: 'test', unit: 'sample', label: 'b', done: 3, total: 6 });
  });

  it('stops between samples when interrupted', async () => {
    const controller = new AbortController();
    let samples = 0;
    const sample = async () => {
      if (++samples === 2) controller.abort(new Error('enough'));
      return samples;
    };
    const rounds = sampleInRounds([{ label: 'a', sample }], {
      phase: 'test',
      rounds: 5,
      signal: controller.signal,
    });
    await assert.rejects(rounds, /enough/);
    assert.equal(samples, 2);
  });
});

describe('secondsPerRun', () => {
  it('counts runs in parallel lanes, but not the warm-up run', async () => {
    let [running, most, runs] = [0, 0, 0];
    const seconds = 0.2;
    const start = performance.now();
    const perRun = await secondsPerRun(
      async () => {
        runs++;
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, runs === 1 ? 300 : 20));
        running--;
      },
      { seconds, lanes: 3 },
    );
    const measured = perRun * (runs - 1);
    assert.equal(most, 3);
    assert.ok(measured >= seconds, `${measured} s measured`);
    const outside = (performance.now() - start) / 1000 - measured;
    assert.ok(outside >= 0.29, `${outside} s not measured, of which the first run took 0.3`);
  });

  it('runs each lane at least once', async () => {
    const lanes: number[] = [];
    await secondsPerRun(async (lane) => void lanes.push(lane), { seconds: 0, lanes: 2 });
    assert.deepEqual(lanes, [0, 0, 1]);
  });
});
