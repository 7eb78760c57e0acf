/** The shop's tables and the rows they begin with. */
export const SCHEMA = `
CREATE TABLE users (
  id integer PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE
);
CREATE TABLE admin_accounts (
  user_id integer PRIMARY KEY REFERENCES users (id),
  status text NOT NULL CHECK (status IN ('active', 'suspended')),
  permissions text[],
  suspended_at timestamptz
);
CREATE TABLE products (
  sku text PRIMARY KEY,
  title text NOT NULL,
  price integer NOT NULL CHECK (price > 0)
);
CREATE TABLE orders (
  id serial PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES users (id),
  reference uuid NOT NULL UNIQUE,
  status text NOT NULL,
  total integer NOT NULL,
  charge_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_lines (
  order_id integer NOT NULL REFERENCES orders (id),
  sku text NOT NULL REFERENCES products (sku),
  quantity integer NOT NULL,
  price integer NOT NULL,
  PRIMARY KEY (order_id, sku)
);
INSERT INTO users (id, name, email)
  SELECT n, 'Customer ' || n, 'customer' || n || '@mail.example' FROM generate_series(1, 40) n;
INSERT INTO users (id, name, email) VALUES
  (46, 'Ines Duarte', 'ines@shop.example'),
  (47, 'Mika Lind', 'mika@shop.example');
-- Suspending an admin takes the permissions away: the list becomes NULL.
INSERT INTO admin_accounts (user_id, status, permissions, suspended_at) VALUES
  (46, 'active', '{orders:read,orders:refund,products:edit}', NULL),
  (47, 'suspended', NULL, '2026-03-01 08:30:00+00');
INSERT INTO products (sku, title, price)
  SELECT 'sku-' || n, (ARRAY['Lamp', 'Chair', 'Table', 'Shelf', 'Rug'])[1 + n % 5] || ' no. ' || n, 990 + 310 * n FROM generate_series(1, 20) n;
`;

export const ACTIVE_ADMIN = 46;
export const SUSPENDED_ADMIN = 47;
export const CUSTOMERS = 40;
export const PRODUCTS = 20;
