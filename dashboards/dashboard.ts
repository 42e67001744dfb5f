import type { AnnotationQuery, Dashboard, Panel, VariableModel } from '@grafana/schema';
import type { InLanguage } from './panels.ts';
import type { DashboardName, Texts } from './texts/en.ts';

type DashboardDraft = {
  name: DashboardName;
  panels: InLanguage<Panel>[];
  refresh: string;
  from: string;
  variables?: InLanguage<VariableModel>[];
  annotations?: InLanguage<AnnotationQuery>[];
  /** A wall shows now, and nobody is there to choose another time. */
  hidesTime?: true;
};

/** A page of panels. Classic JSON of schema 42 is what Grafana provisions from files. */
export const dashboard =
  ({ name, panels, refresh, from, variables = [], annotations = [], hidesTime }: DashboardDraft) =>
  (texts: Texts): Dashboard => ({
    uid: uidOf(name, texts),
    ...texts.dashboards[name],
    tags: ['steppewatch', tagOf(texts)],
    schemaVersion: 42,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: 'browser',
    refresh,
    time: { from, to: 'now' },
    timepicker: { hidden: hidesTime === true },
    templating: { list: variables.map((variable) => variable(texts)) },
    annotations: { list: annotations.map((annotation) => annotation(texts)) },
    links: [
      {
        ...{ type: 'dashboards', title: texts.labels.more, tags: [tagOf(texts)], asDropdown: true, icon: 'dashboard' },
        ...{ includeVars: true, keepTime: false, targetBlank: false, tooltip: '', url: '' },
      },
    ],
    panels: panels.map((panel) => panel(texts)),
  });

export const uidOf = (name: DashboardName, { language }: Texts): string => `steppewatch-${name}-${language}`;
export const tagOf = ({ language }: Texts): string => `steppewatch-${language}`;
