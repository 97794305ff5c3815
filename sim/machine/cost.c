/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost - from parameters to picoseconds; see cost.h. */
#include "sim/machine/cost.h"

struct cost_table cost_resolve(const struct eg_args *costs, uint64_t hz)
{
	struct cost_table t = {
#define X(field, def, max, help) .field = eg_args_cost(costs, #field, hz),
		COST_MAP(X)
#undef X
		.zero_bandwidth = eg_args_u64(costs, "zero_bandwidth"),
		.copy_bandwidth = eg_args_u64(costs, "copy_bandwidth"),
	};

	return t;
}
