export type * from './divergence.js';
export type * from './plan.js';
export { type Authority, type CertificateFlaw, createAuthority, type ServerCertificate } from './authority/authority.js';
export { buildStubPlan, type OpaqueAnswer } from './build/build-stub-plan.js';
export type { StubSource } from './build/endpoints.js';
export type { ServedExchange } from './journal.js';
export type { ListenAddress } from './listen.js';
export type { SqlUpstream } from './postgres/upstream.js';
export { type StartedStubs, startStubs, type StubEnvironment, type StubListener } from './start.js';
