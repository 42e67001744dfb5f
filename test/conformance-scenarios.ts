import type { Scenarios } from './conformance-client.ts';
import { connectScenarios } from './conformance-connect.ts';
import { publishScenarios } from './conformance-publish.ts';
import { sessionScenarios } from './conformance-sessions.ts';
import { subscribeScenarios } from './conformance-subscribe.ts';

export const scenarios: Scenarios = {
  ...connectScenarios,
  ...publishScenarios,
  ...subscribeScenarios,
  ...sessionScenarios,
};
