/** The fixture compiler on third-party workloads: `npm run bench -- fixtures --workload=tpch --sources=DIR`, and the other options of `fixtures/run.ts`. */
import './fixtures/run.ts';
