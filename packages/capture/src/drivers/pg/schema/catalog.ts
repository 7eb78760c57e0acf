/** What is known about a database beyond what its answers say. */
export interface Catalog {
  readonly version: string;
  /** Statements that make an equivalent empty schema. */
  readonly ddl: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Types of the database's own, by OID. */
  readonly types: ReadonlyMap<number, string>;
  /** Tables by OID, their columns by attribute number. */
  readonly tables: ReadonlyMap<number, { readonly name: string; readonly columns: ReadonlyMap<number, string> }>;
}
