// What a caller writes with the generated types: it must compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

const client = createClient<paths>({
  baseUrl: "http://localhost:4005",
  headers: { authorization: "Bearer token" },
});

export async function overdue(tenant: string): Promise<components["schemas"]["Invoice"][]> {
  const { data, error } = await client.GET("/api/v1/invoices", {
    params: { query: { tenant_id: tenant, status: "issued", page_size: 100 } },
  });
  if (error) throw new Error(error.message);
  return data.invoices;
}

export async function create(slug: string, key: string): Promise<string> {
  const { data, error } = await client.POST("/api/v1/deployments", {
    params: { header: { "Idempotency-Key": key } },
    body: { slug },
  });
  if (error) throw new Error(`${error.message}: ${JSON.stringify(error.details[0])}`);
  return data.deployment!.id;
}

export async function price(): Promise<string> {
  const { data } = await client.POST("/api/v1/quote", {
    body: { plan_code: "studio", projected_usage: { droplet_hours: 2160 } },
  });
  return data!.all_in_monthly_cents;
}
