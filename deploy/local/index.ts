export { type Addresses, toEnvironment } from './environment.ts';
export { DeployError, type DeployErrorCode } from './error.ts';
export { installKafkaTools } from './kafka-tools.ts';
export { installPrometheus, promtoolAtHand, startPrometheus } from './prometheus.ts';
export type { Region } from './region.ts';
export type { Server } from './server.ts';
export { type Servers, type ServersOptions, startServers } from './servers.ts';
export { type Stack, type StackOptions, startStack } from './stack.ts';
export { removeUnfinished } from './temporary.ts';
