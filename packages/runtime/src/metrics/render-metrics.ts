import { type OpenMetricsContentType, Registry } from 'prom-client';

/** The two text forms of metrics that Prometheus reads. */
export interface RenderedMetrics {
  readonly contentType: string;
  readonly body: string;
}

const openMetricsType = /(?:^|[,\s])application\/openmetrics-text\b(?![^,]*;\s*q=0(?:\.0*)?(?:\s*[,;]|\s*$))/i;

/** What is rendered: the metrics of `createMetrics` are it. */
export interface MetricSource {
  readonly registry: Registry;
  /** On every series. */
  readonly defaultLabels: Readonly<Record<string, string>>;
}

/** Writes the metrics in the OpenMetrics form where the Accept header asks for it, in the plain text form otherwise. */
export async function renderMetrics(source: MetricSource, accept: string | null): Promise<RenderedMetrics> {
  if (accept !== null && openMetricsType.test(accept)) return renderOpenMetrics(source);
  const { registry } = source;
  return { contentType: registry.contentType, body: await registry.metrics() };
}

/**
 * prom-client writes OpenMetrics from a registry of that type only, and renames the counters themselves while doing so.
 * So each metric is wrapped for one rendering, and the registry that counts stays as it is.
 */
async function renderOpenMetrics({ registry, defaultLabels }: MetricSource): Promise<RenderedMetrics> {
  const rendering = new Registry<OpenMetricsContentType>();
  rendering.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  rendering.setDefaultLabels(defaultLabels);
  for (const metric of registry.getMetricsAsArray() as unknown as readonly RenderedMetric[]) {
    const wrapped: RenderedMetric = {
      name: metric.name,
      type: metric.type,
      get: async () => {
        const values = await (metric.getForPromString?.() ?? metric.get());
        return { ...values, name: values.type === 'counter' ? values.name.replace(/_total$/, '') : values.name };
      },
    };
    // The registry asks nothing of a metric but these members; its declared type is the classes of prom-client.
    rendering.registerMetric(wrapped as never);
  }
  return { contentType: rendering.contentType, body: await rendering.metrics() };
}

/** What a registry uses of a metric. `getForPromString`, which histograms have, is not in the declarations. */
interface RenderedMetric {
  name: string;
  readonly type: string;
  get(): Promise<MetricValues>;
  getForPromString?(): Promise<MetricValues>;
}

interface MetricValues {
  readonly name: string;
  readonly type: string;
}
