/** What is known about a database beyond what its answers say. */
export interface MysqlCatalog {
  readonly version: string;
  /** Statements that make an equivalent empty schema. */
  readonly ddl: string;
  readonly settings: Readonly<Record<string, string>>;
}
