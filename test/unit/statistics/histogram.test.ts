import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HistogramRecorder } from '../../../src/statistics/histogram.js';

function recorderOf(values: readonly number[]): HistogramRecorder {
  const recorder = new HistogramRecorder();
  for (const value of values) recorder.record(value);
  return recorder;
}

/** The value that so many of a hundred do not exceed. */
function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((values.length * percent) / 100) - 1)]!;
}

const durations = fc.array(fc.double({ min: 0, max: 4_000_000, noNaN: true }), { minLength: 1, maxLength: 200 });

describe('HistogramRecorder', () => {
  it('gives percentiles within 1.6 % of the truth, and count, sum, minimum and maximum exactly', () => {
    fc.assert(
      fc.property(durations, values => {
        const histogram = recorderOf(values).snapshot();
        for (const [percent, found] of [
          [50, histogram.p50MS],
          [90, histogram.p90MS],
          [99, histogram.p99MS],
          [99.9, histogram.p999MS],
          [100, histogram.percentileMS(100)],
        ] as const) {
          const exact = exactPercentile(values, percent);
          const error = Math.abs(found - exact);
          assert.ok(
            error <= exact * 0.016 + 0.0011,
            `p${percent} of ${values.length} values is ${exact}, got ${found}`,
          );
        }
        assert.equal(histogram.count, values.length);
        assert.equal(histogram.minMS, Math.min(...values));
        assert.equal(histogram.maxMS, Math.max(...values));
        assert.ok(Math.abs(histogram.sumMS - values.reduce((a, b) => a + b, 0)) <= 1e-6 * (1 + histogram.sumMS));
      }),
    );
  });

  it('puts each duration below the bound of its bucket, and what is not below it into a later one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), us => {
        const [bucket] = recorderOf([us / 1000])
          .snapshot()
          .buckets();
        assert.ok(bucket!.belowMS > us / 1000);
        const [next] = recorderOf([bucket!.belowMS + 0.0006])
          .snapshot()
          .buckets();
        assert.ok(next!.belowMS > bucket!.belowMS);
      }),
    );
  });

  it('counts what is negative, not a number or longer than an hour without failing', () => {
    const histogram = recorderOf([-1, Number.NaN, 10_000_000_000]).snapshot();

    assert.deepEqual([histogram.count, histogram.minMS, histogram.maxMS], [3, 0, 10_000_000_000]);
    assert.equal(histogram.p50MS, 0);
  });

  it('gives zeros when nothing has been counted', () => {
    const { count, meanMS, minMS, p50MS, p999MS, maxMS } = new HistogramRecorder().snapshot();

    assert.deepEqual([count, meanMS, minMS, p50MS, p999MS, maxMS], [0, 0, 0, 0, 0, 0]);
  });

  it('adds up two histograms to the one of all their durations', () => {
    fc.assert(
      fc.property(durations, durations, (first, second) => {
        const sum = recorderOf(first);
        sum.add(recorderOf(second));
        const expected = recorderOf([...first, ...second]).snapshot();
        const found = sum.snapshot();
        assert.deepEqual(found.buckets(), expected.buckets());
        assert.deepEqual([found.count, found.minMS, found.maxMS], [expected.count, expected.minMS, expected.maxMS]);
      }),
    );
  });
});

describe('DurationHistogram', () => {
  it('does not change when more is counted', () => {
    const recorder = recorderOf([5]);
    const histogram = recorder.snapshot();
    recorder.record(7);

    assert.equal(histogram.count, 1);
    assert.equal(histogram.percentileMS(100), 5);
  });

  it('tells what has been counted since an earlier one', () => {
    fc.assert(
      fc.property(durations, durations, (first, second) => {
        const recorder = recorderOf(first);
        const earlier = recorder.snapshot();
        for (const value of second) recorder.record(value);
        const found = recorder.snapshot().since(earlier);
        const expected = recorderOf(second).snapshot();
        assert.deepEqual(found.buckets(), expected.buckets());
        assert.equal(found.count, expected.count);
        assert.ok(Math.abs(found.p90MS - expected.p90MS) <= expected.p90MS * 0.032 + 0.002);
      }),
    );
  });

  it('has nothing in a time in which nothing was counted', () => {
    const histogram = recorderOf([5, 6]).snapshot();
    const { count, maxMS, p50MS } = histogram.since(histogram);

    assert.deepEqual([count, maxMS, p50MS], [0, 0, 0]);
  });

  it('is shown in JSON by its figures and without its buckets', () => {
    const shown = JSON.parse(JSON.stringify(recorderOf([2, 4]).snapshot())) as object;

    assert.deepEqual(Object.keys(shown), [
      'count',
      'sumMS',
      'meanMS',
      'minMS',
      'p50MS',
      'p90MS',
      'p99MS',
      'p999MS',
      'maxMS',
    ]);
  });
});
