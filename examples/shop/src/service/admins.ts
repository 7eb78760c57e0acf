import type { Pool } from 'pg';

export interface Admin {
  readonly id: number;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  readonly permissions: readonly string[];
}

export interface AdminPage {
  readonly name: string;
  readonly mayRefund: boolean;
  readonly sections: readonly string[];
}

const BY_ID = `
  SELECT u.id, u.name, a.status, a.permissions
  FROM users u
  JOIN admin_accounts a ON a.user_id = u.id
  WHERE u.id = $1`;

/** Undefined: no such user, or no admin. */
export async function findAdmin(pool: Pool, id: number): Promise<Admin | undefined> {
  const { rows } = await pool.query<Admin>(BY_ID, [id]);
  return rows[0];
}

export function adminPage(admin: Admin): AdminPage {
  const sections = sectionsOf(admin);
  return { name: admin.name, mayRefund: admin.permissions.includes('orders:refund'), sections };
}

/** `orders:read` and `orders:refund` are both of the section `orders`. */
function sectionsOf(admin: Admin): readonly string[] {
  const names = admin.permissions.map((permission) => permission.split(':')[0] ?? permission);
  return [...new Set(names)].toSorted();
}
