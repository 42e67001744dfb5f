import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as GrafanaData from '@grafana/data';
import type { Panel } from '@grafana/schema';
import { build } from 'esbuild';
import type { Field } from './dashboards-frames.test-support.ts';

/** What somebody sees of one value. `colour`: its name in Grafana's palette, as the dashboard gives it. */
export type Cell = { name: string; text: string; colour: string };

/**
 * Shows values exactly as Grafana does, by Grafana's own code: which text and which colour a cell has. What it needs of a browser is
 * left out; the package does not load in Node as it is, so it is bundled once for each of its versions.
 */
export async function openGrafana() {
  const grafana: typeof GrafanaData = await import(pathToFileURL(await bundled()).href);
  const theme = grafana.createTheme({ colors: { mode: 'dark' } });
  const registry = registryOf(grafana);
  const nameOf = namesOf(theme);

  function framesOf({ fieldConfig }: Panel, fields: Field[]): GrafanaData.DataFrame[] {
    const frame = grafana.toDataFrame({ fields: fields.map((field) => ({ ...field, config: {} })) });
    return grafana.applyFieldOverrides({
      data: [frame],
      fieldConfig: structuredClone(fieldConfig) as never,
      replaceVariables: (text) => text,
      theme,
      fieldConfigRegistry: registry,
      timeZone: 'Asia/Shanghai',
    });
  }
  const seen = (name: string, display: GrafanaData.DisplayValue): Cell => ({
    name,
    text: grafana.formattedValueToString(display),
    colour: nameOf(display.color),
  });

  return {
    units: new Set(grafana.getValueFormats().flatMap(({ submenu }) => submenu.map(({ value }) => String(value)))),

    /** Rows of cells; what is hidden is left out. */
    table(panel: Panel, fields: Field[]): Cell[][] {
      const [frame] = framesOf(panel, fields);
      const shown = (frame?.fields ?? []).filter(({ config }) => !config.custom?.hideFrom?.viz);
      return Array.from({ length: frame?.length ?? 0 }, (_, row) =>
        shown.map((field) => seen(grafana.getFieldDisplayName(field, frame), display(field)(field.values[row]))),
      );
    },

    /** Large numbers; `fields` undefined: the query failed, and there is no frame at all. */
    stat(panel: Panel, fields: Field[] | undefined): Cell[] {
      const data = fields ? framesOf(panel, fields) : [];
      return grafana
        .getFieldDisplayValues({
          data,
          reduceOptions: panel.options?.reduceOptions as never,
          fieldConfig: structuredClone(panel.fieldConfig) as never,
          replaceVariables: (text) => text,
          theme,
          timeZone: 'Asia/Shanghai',
        })
        .map(({ display: shown }) => seen(shown.title ?? '', shown));
    },
  };

  function display(field: GrafanaData.Field): GrafanaData.DisplayProcessor {
    return field.display ?? grafana.getDisplayProcessor({ field, theme });
  }
}

export type Grafana = Awaited<ReturnType<typeof openGrafana>>;

/** The options that panels of ours set; the real registry belongs to the panels, which need a browser. */
function registryOf(grafana: typeof GrafanaData): GrafanaData.FieldConfigOptionsRegistry {
  const { identityOverrideProcessor: process } = grafana;
  const option = (id: string, path: string, isCustom: boolean) => ({
    id,
    path,
    name: id,
    isCustom,
    process,
    shouldApply: () => true,
  });
  const standard = ['displayName', 'unit', 'decimals', 'noValue', 'mappings', 'thresholds', 'links', 'color'];
  const custom = ['width', 'hideFrom.viz'];
  const items = [
    ...standard.map((id) => option(id, id, false)),
    ...custom.map((id) => option(`custom.${id}`, id, true)),
  ];
  return new grafana.FieldConfigOptionsRegistry(() => items as never);
}

/** Colours of the palette by what they look like; without one a cell has the colour of its surroundings. */
function namesOf({ visualization }: GrafanaData.GrafanaTheme2): (colour: string | undefined) => string {
  const names = ['red', 'orange', 'green', 'blue'];
  const byLook = new Map(names.map((name) => [visualization.getColorByName(name), name]));
  byLook.set('#00000000', 'transparent');
  return (colour) => (colour === undefined ? 'none' : (byLook.get(colour) ?? colour));
}

async function bundled(): Promise<string> {
  const require = createRequire(import.meta.url);
  const { version } = require('@grafana/data/package.json') as { version: string };
  const file = join(import.meta.dirname, `../node_modules/.cache/steppewatch/grafana-data-${version}.mjs`);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await build({
    stdin: { contents: "export * from '@grafana/data'", resolveDir: import.meta.dirname },
    ...{ outfile: draft, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  // Two tests may make it at once: each puts a whole file there.
  renameSync(draft, file);
  return file;
}
