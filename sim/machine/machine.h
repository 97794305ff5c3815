/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine - the only place that knows all rooms: construction, tasks and CPUs, dispatch of operations.
 *
 * Inside this room alone. Outside, a machine is run_cell() (run.h).
 *
 * Tasks run on CPUs, each CPU with a clock of its own. The main loop (sched.c) always advances the
 * earliest actor: an event, or the CPU with the smallest (clock, number). Accesses are private work and
 * may run ahead up to the horizon; everything else is shared and is executed only while its CPU is the
 * earliest of all. Shared work takes effect when it starts; its duration then passes on its CPU.
 */
#ifndef SIM_MACHINE_MACHINE_H
#define SIM_MACHINE_MACHINE_H

#include "sim/base/rng.h"
#include "sim/engine/event.h"
#include "sim/engine/server.h"
#include "sim/machine/cost.h"
#include "sim/machine/run.h"
#include "sim/metric/metric.h"
#include "sim/mmu/mmu.h"
#include "sim/phys/phys.h"
#include "sim/vm/vm.h"
#include "workloads/gen/gen.h"
#include "workloads/trace/trace.h"

/* Events that interrupts and sleeping tasks leave for samples, starts and marks. */
enum { EVENTS_SPARE = 1024 };

#define TASK_NONE   UINT32_MAX
#define TASK_NOBODY (UINT32_MAX - 1)    /* no task has this number */

enum task_state {
	TASK_READY,         /* on the run queue of its CPU                                 */
	TASK_RUNNING,       /* the current task of its CPU                                 */
	TASK_SLEEPING,      /* until an event wakes it: think time, recorded time          */
	TASK_TURN,          /* its trace goes on with another task                         */
	TASK_MEMORY,        /* parked until pages are freed                                */
	TASK_CHILD,         /* vfork: until the child calls exec or exits                  */
	TASK_DEAD,
};

/* What a task has to do next, across a return: an operation holds no room's state, only this. */
enum task_step {
	STEP_FETCH,         /* take the next block of its source        */
	STEP_ACCESS,        /* block.acc[pos..nr), or word[pos..nr)     */
	STEP_FAULT,         /* handle the fault at fault_addr           */
	STEP_OP,            /* execute block.op                         */
	STEP_END,           /* its stream is over                       */
};

/* What block holds for STEP_ACCESS. */
enum task_shape { SHAPE_WORDS, SHAPE_LARGE, SHAPE_RUN };

struct task {
	uint32_t        source, stream;
	uint32_t        space;          /* number of its address space, 0 = none yet              */
	uint32_t        next;           /* run queue, memory queue, or free list                  */
	uint32_t        waits_for;      /* vfork: its child + 1, 0 = none                         */
	uint32_t        waited_by;      /* of that child: the parent + 1, 0 = none. A child may itself wait */
	uint64_t        group;          /* thread group: tasks that exit_group ends together       */
	uint32_t        sleep;          /* counts its sleeps: the end of one that was cut short is stale */
	uint16_t        cpu;            /* where it runs or ran last                              */
	int16_t         pinned;         /* CPU number or -1                                       */
	uint8_t         state, step;
	bool            fault_write, ended_by_group;
	uint32_t        pos;
	uint64_t        fault_addr;
	eg_time         op_start;       /* when the current shared operation was first tried      */
	eg_time         parked_at;      /* TASK_MEMORY                                            */
	eg_time         recorded;       /* time of its previous op in the recording (closed)      */
	eg_time         asked;          /* when it wanted its next op: the end of the one before; EG_TIME_NONE */
	eg_time         not_before;     /* timed, closed: next op starts no earlier               */
	uint64_t        executed;       /* ops and accesses, for stop.ops                         */
	struct eg_block block;
	uint64_t       *buffer;         /* generator streams: m->block words                      */
	/* accesses that are not an array of words: word[pos..block.nr) instead of block.acc */
	uint8_t         shape;
	uint64_t        word[4];
	uint64_t        large_addr, large_left;     /* EG_OP_ACCESS: one word for each two pages it touches */
	uint64_t        run_left[4];                /* EG_OP_RUN: by kind, those not yet in word[]       */
};

struct cpu {
	struct mmu_cpu mmu;                         /* holds the clock                            */
	uint32_t       task;                        /* running, TASK_NONE = idle                  */
	uint32_t       last_task;                   /* ran last: switching to it again is free    */
	uint32_t       head, tail, queued;          /* run queue                                  */
	eg_time        slice_end;
	eg_time        time[NR_TIME_CATEGORIES];    /* all but the MMU's three                    */
};

/* One stream of a trace that is replayed independently (streams.c). */
enum { TRACE_STREAMS_MAX = 256 };
struct trace_stream {
	uint32_t             id;
	bool                 seen;              /* scan: it has a record                                */
	bool                 born_inside;       /* a record gives birth to it                           */
	bool                 has_pending, ended;
	struct trace_reader *reader;            /* from its birth to its end                            */
	struct eg_block      pending;
	uint64_t            *filtered;          /* data_only: its block without fetches                 */
};

struct source_block {
	uint64_t  id;                           /* + 1; 0 = empty cell */
	eg_pfn    pfn;
	uint8_t   order;
	uint64_t  nr_gone;
	uint64_t *gone;                         /* bitmap of the pages that were freed, NULL = none */
};

/* One workload item, or one of its instances. */
struct source {
	const struct spec_workload *w;
	uint32_t             instance;
	void                *gen;               /* generator state, NULL for a trace               */
	struct trace_reader *reader;
	bool                 ended;             /* the trace has no more ops, or stop.ops was met  */
	bool                 has_pending;
	struct eg_block      pending;           /* trace: the next block, whoever's turn it is     */
	uint32_t             turn;              /* trace: task + 1 that works on the block before; 0 = nobody */
	uint32_t            *task_of;           /* trace and generator: stream -> task + 1         */
	size_t               nr_streams, cap_streams;   /* ever bound; room in task_of      */
	uint64_t             record;            /* ops and accesses handed out                     */
	uint64_t             records;           /* that there are to hand out; 0 = unknown         */
	int16_t              pinned;
	uint8_t              replay;            /* 0 asap, 1 timed, 2 closed                       */
	bool                 data_only;
	eg_time              start;
	eg_time              time_origin;       /* first recorded time                             */
	uint64_t            *filtered;          /* data_only: buffer without fetches               */
	bool                 enters;            /* not at its beginning, but at ...                */
	struct trace_place   place;
	bool                 had_order;         /* the trace knows the order between its streams   */
	bool                 independent;       /* streams.c; has no turns                         */
	struct trace_stream *listed;            /* independent: [nr_listed], by id                 */
	uint32_t             nr_listed;
	struct source_block *block_of;          /* alloc_pages handles: open addressing by id      */
	uint64_t             block_mask, blocks_used;
	uint64_t             block_reach, block_key;    /* sim/base/idhash.h                */
};

/* Operations of a recording that could not be applied; one row per kind. */
#define NOT_APPLIED_MAP(X)                                                                                       \
	X(MUNMAP_NOTHING,   "munmap_nothing",   "munmap of a range where nothing was mapped (an image mapped by exec)")  \
	X(MPROTECT_NOTHING, "mprotect_nothing", "mprotect of a range where nothing was mapped")                  \
	X(MADVISE_NOTHING,  "madvise_ignored",  "madvise of an unmapped range, or advice that has no effect here") \
	X(MREMAP_NOTHING,   "mremap_nothing",   "mremap of a range that is not one mapping, or has no room to grow") \
	X(BRK_BELOW,        "brk_below_start",  "brk below the first break")                                     \
	X(FAILED_CALL,      "failed_in_recording", "calls that failed in the recording: cost a system call")     \
	X(DEAD_STREAM,      "after_exit",       "operations of a task that had exited")                          \
	X(NEVER_BORN,       "never_born",       "streams replayed independently whose birth was not reached")    \
	X(STREAM_REUSED,    "stream_reused",    "births of a stream that was alive")                             \
	X(FREE_UNKNOWN,     "free_unknown",     "free_pages of an id that was never allocated, or failed")       \
	X(FREE_WRONG,       "free_wrong_order", "free_pages with another order than allocated")                  \
	X(ALLOC_LIVE,       "alloc_live",       "alloc_pages of an id that was live: freed first")               \
	X(SEGV,             "segv",             "accesses outside any mapping, or against its protection: skipped") \
	X(NOMEM,            "enomem",           "operations that failed for lack of memory")                     \
	X(ACCESS_HUGE,      "access_too_large", "accesses of more than 1 GiB, runs of more than 2^32: skipped")                                  \
	X(NOT_MODELLED,     "not_modelled",     "operations that no room models yet: malloc, mlock, msync, obs, ...")

enum not_applied {
#define X(NAME, name, text) NOT_##NAME,
	NOT_APPLIED_MAP(X)
#undef X
	NR_NOT_APPLIED
};

struct machine {
	const struct spec        *spec;
	const struct run_options *options;
	struct eg_errors         *err;
	struct eg_arena           arena;
	eg_status                 status;           /* anything but EG_OK ends the run            */
	struct eg_check_context   context;

	struct phys               phys;
	struct vm                 vm;
	struct cost_table         cost;
	struct event_queue        events;
	struct probes             probes;
	struct server             zone_lock[RUN_MAX_ZONES];
	struct server             mmap_lock;        /* sums; the times are in the spaces          */

	struct cpu               *cpu;
	unsigned                  nr_cpus;
	const struct mmu_cpu    **mmu;              /* [nr_cpus], for the view                    */
	eg_time                 (*view_time)[NR_TIME_CATEGORIES];
	struct task              *task;
	size_t                    nr_tasks, cap_tasks;
	uint32_t                  free_task;        /* list of dead ones, TASK_NONE               */
	uint32_t                  live_tasks;       /* not dead                                   */
	uint64_t                  nr_groups;        /* thread groups ever made                    */
	uint32_t                  nr_sleeping;      /* tasks in TASK_SLEEPING                     */
	uint32_t                  starts_left;      /* sources whose start event is pending       */
	uint32_t                  memory_head, memory_tail;   /* queue of parked tasks            */
	struct source            *source;
	unsigned                  nr_sources;

	uint32_t                  block;            /* accesses per block                         */
	eg_time                   lookahead, slice, ipi_latency;
	uint64_t                  stop_ops;
	bool                      stopping;         /* stop.time was reached                      */
	eg_time                   stop_time;
	bool                      booting;          /* initial state: no time passes              */
	unsigned                  acting;           /* CPU of the shared operation, for flushes   */
	uint64_t                  audit_left;

	struct machine_counters   count;
	uint64_t                  not_applied[NR_NOT_APPLIED];
	uint64_t                  nr_accesses;
	uint32_t                  capabilities;
	bool                      has_assumption_inferred;
	eg_time                   warmup;           /* when it ended                              */
	void                    (*warmup_hook)(void *ctx, eg_time now);
	void                     *warmup_ctx;
};

/* ---- construction (machine.c) ---------------------------------------------------------------------- */

eg_status machine_init(struct machine *m, const struct spec *spec, const struct run_options *options,
		       struct eg_errors *err) EG_MUST_USE;
void      machine_fini(struct machine *m);
/* The view for metrics, as of `now`. */
struct metric_view machine_view(struct machine *m, eg_time now);
/* Every room's invariants, and that time adds up. */
void      machine_validate(struct machine *m);
/* A host failure: remember the first, end the run. */
void      machine_fail(struct machine *m, eg_status s);

/* ---- scheduling (sched.c) -------------------------------------------------------------------------- */

/* Run until no task is left, the stop time, or a failure. Returns the end time. */
eg_time machine_run(struct machine *m);
/* A new task of a source's stream; TASK_NONE when host memory is out. It is not queued yet. */
uint32_t task_new(struct machine *m, uint32_t source, uint32_t stream, uint32_t space);
/* Make a waiting or new task ready at `now`. */
void task_wake(struct machine *m, uint32_t task, eg_time now);
/* The running task leaves its CPU in this state. */
void task_block(struct machine *m, struct cpu *c, enum task_state state);
/* Sleep until `when`; returns at once if that has passed. */
bool task_sleep(struct machine *m, struct cpu *c, eg_time when);
/* Park for memory; woken by the next free. */
void task_park(struct machine *m, struct cpu *c);
void machine_pages_freed(void *ctx, struct phys *p);
/* End all other tasks of the running one's thread group: at once, or, of those that run, when an interrupt got there. */
void task_end_group(struct machine *m, struct cpu *c, uint32_t task);

/* ---- time (sched.c) -------------------------------------------------------------------------------- */

static inline void charge(struct cpu *c, enum time_category what, eg_time ps)
{
	c->mmu.clock += ps;
	c->time[what] += ps;
}

static inline struct task *task_of(struct machine *m, uint32_t n) { return &m->task[n]; }

/* ---- accesses (access.c) ----------------------------------------------------------------------------- */

/* Accesses of a run that are executed; longer ones are counted and skipped, as their faults could take for ever. */
#define ACCESS_RUN_MAX (UINT64_C(1) << 32)

/* How many accesses a run (EG_OP_RUN) holds, UINT64_MAX if that overflows; leave its first `keep`; leave its data. */
uint64_t access_run_total(const struct eg_op *op);
void     access_run_cut(struct eg_op *op, uint64_t keep);
void     access_run_drop_fetches(struct eg_op *op);
/* The task's block is a large access or a run: prepare it. False: there is nothing to execute. */
bool     access_begin(struct machine *m, struct task *t);
/* The words under way are through, or skipped: what comes next. */
void     access_words_done(struct task *t);
/* Execute accesses up to the horizon, a fault (STEP_FAULT), or a walk that must wait until this CPU is the earliest. */
void     access_execute(struct machine *m, struct cpu *c, struct task *t, eg_time horizon, bool earliest);

/* ---- operations (ops.c, fault.c) -------------------------------------------------------------------- */

/* Execute task's block.op on the CPU, which is the earliest. True: it is done (or the task has ended);
 * false: the task has left the CPU and will try again. */
bool op_execute(struct machine *m, struct cpu *c, uint32_t task);
/* gfp of an alloc_pages op (docs/generators.md): bit 0 atomic, bit 1 movable, bit 2 reclaimable; a page has
 * one mobility, and movable goes first. */
static inline uint32_t alloc_pages_gfp(uint64_t gfp)
{
	return (gfp & 1 ? GFP_ATOMIC : GFP_KERNEL) | (gfp & 2 ? GFP_MOVABLE : gfp & 4 ? GFP_RECLAIMABLE : 0);
}
/* Raw pages (blocks.c): the same for alloc_pages and free_pages; while booting false means that there is no page. */
bool op_alloc_pages(struct machine *m, struct cpu *c, uint32_t task, const struct eg_op *op);
void op_free_pages(struct machine *m, struct cpu *c, uint32_t task, const struct eg_op *op);
void source_blocks_close(struct source *s);
void op_emit(struct machine *m, struct cpu *c, enum probe probe, uint32_t task, uint32_t kind, uint64_t value);
/* The same for a fault. */
bool fault_execute(struct machine *m, struct cpu *c, uint32_t task);
/* End a task: as its last operation or by a signal. */
void task_exit(struct machine *m, struct cpu *c, uint32_t task);
/* Charge what a room did. `category` takes the fixed parts that belong to the operation. */
void price_work(struct machine *m, struct cpu *c, const struct vm_work *w, enum time_category category);
void vm_flush_hook(void *ctx, uint32_t space, eg_vpn vpn, uint64_t nr);

/* ---- sources (source.c) ----------------------------------------------------------------------------- */

enum source_outcome {
	SOURCE_BLOCK,       /* task.block is filled                                                     */
	SOURCE_TURN,        /* a trace goes on with another task: wait                                  */
	SOURCE_SHARED,      /* finding out needs this CPU to be the earliest                            */
	SOURCE_END,         /* nothing more for this task                                               */
};

/* A block as the item wants it: no fetches if they are left out, no more than `left` accesses. Returns what it counts
 * for stop.ops; 0 = nothing is left of it. `filtered` has room for a block. */
uint64_t  source_trim(const struct source *s, struct eg_block *b, uint64_t *filtered, uint64_t left);
/* A task that existed before, with an empty space: not queued yet. TASK_NONE: the run has failed. */
uint32_t  source_root_task(struct machine *m, struct source *s, uint32_t stream);
/* When may the next op of this task start, by its recorded time and when it asked for it? Sets not_before. */
void      source_apply_time(const struct source *s, struct task *t, eg_time time, eg_time asked);
/* A stream whose task was ended by its group: its recorded exit, should it come, is none too many. */
void      source_ended_by_group(struct source *s, uint32_t stream);
/* An op flagged EG_OPF_INIT (initial.c). */
void      source_initial(struct machine *m, struct source *s, uint32_t task, const struct eg_op *op);

/* Traces whose streams are pulled independently (streams.c). streams_open() reads the whole trace with `r`. */
eg_status streams_open(struct machine *m, struct source *s, struct trace_reader *r) EG_MUST_USE;
void      streams_close(struct source *s);
void      streams_start(struct machine *m, struct source *s, eg_time now);
enum source_outcome streams_next(struct machine *m, struct source *s, struct task *t, eg_time now);
/* Streams that were to be born and never were. */
uint64_t  streams_unborn(const struct source *s);

eg_status source_open(struct machine *m, struct source *s, const struct spec_workload *w, uint32_t instance) EG_MUST_USE;
void      source_close(struct source *s);
/* At the source's start time: apply its initial state, make its first task ready. */
void      source_start(void *ctx, uint64_t number, eg_time now);
/* The next block of a task. `earliest`: shared work is allowed. */
enum source_outcome source_next(struct machine *m, struct source *s, uint32_t task, bool earliest, eg_time now);
/* The task that holds the turn of a trace leaves its CPU without asking for more: wake whoever is next. */
void      source_hand_over(struct machine *m, struct source *s, eg_time now);
/* Give a stream its task. False when host memory is out. */
bool      source_bind(struct machine *m, struct source *s, uint32_t stream, uint32_t task);
uint32_t  source_task(const struct source *s, uint32_t stream);
/* The file of an MMAP op as vm_mmap() wants it: 0 = anonymous, else the name's id + 1 (a file may have no name). */
static inline uint32_t source_mmap_file(const struct eg_op *op)
{
	return op->arg[3] & EG_MAP_ANON ? 0 : op->arg[4] < UINT32_MAX ? (uint32_t)op->arg[4] + 1 : UINT32_MAX;
}

#endif
