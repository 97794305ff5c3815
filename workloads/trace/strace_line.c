/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strace_line - the grammar of strace 4.x to 6.x text, see strace_line.h.
 *
 * Layouts: "PID TIME call" (-o), "[pid N] TIME call" (stderr), no PID (one file per task); TIME as epoch
 * seconds or HH:MM:SS, with or without a fraction, or absent.
 */
#include "workloads/trace/strace_line.h"

#include <string.h>

#include "sim/base/op.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name(char c)  { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static struct strace_text trim(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	while (end > p && end[-1] == ' ')
		end--;
	return (struct strace_text){ p, end };
}

static bool starts(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

static bool ends(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(end - n, word, n) == 0;
}

bool strace_is(struct strace_text t, const char *word)
{
	return (size_t)(t.end - t.p) == strlen(word) && memcmp(t.p, word, strlen(word)) == 0;
}

/* ---- line ---------------------------------------------------------------------------------------- */

static const char *digits(const char *p, const char *end, uint64_t *v)
{
	const char *start = p;

	for (*v = 0; p < end && is_digit(*p) && p - start < 18; p++)
		*v = *v * 10 + (uint64_t)(*p - '0');
	return p > start && !(p < end && is_digit(*p)) ? p : NULL;
}

/* "[pid N] " or "N " in front of a blank; not "N." or "N:" which are times. */
static const char *take_pid(const char *p, const char *end, struct strace_line *l)
{
	const char *q = p;

	if (starts(p, end, "[pid")) {
		for (q = p + 4; q < end && *q == ' '; q++)
			;
		q = digits(q, end, &l->pid);
		if (!q || q == end || *q != ']')
			return NULL;
		q++;
	} else {
		q = digits(p, end, &l->pid);
		if (!q || q == end || *q != ' ') {
			l->pid = 0;
			return p;
		}
	}
	while (q < end && *q == ' ')
		q++;
	return q;
}

static const char *take_time(const char *p, const char *end, struct strace_line *l)
{
	uint64_t h, m, s, scale = EG_PS_PER_S;
	const char *q = digits(p, end, &h);

	if (!q)
		return p;
	l->seconds = h;
	if (end - q >= 6 && q[0] == ':' && q[3] == ':') {
		if (!digits(q + 1, q + 3, &m) || !digits(q + 4, q + 6, &s))
			return NULL;
		l->seconds = h * 3600 + m * 60 + s;
		l->clock = true;
		q += 6;
	}
	if (q < end && *q == '.')
		for (q++; q < end && is_digit(*q); q++)
			l->fraction_ps += (uint64_t)(*q - '0') * (scale /= 10);
	if (q == end || *q != ' ')
		return NULL;
	l->has_time = true;
	while (q < end && *q == ' ')
		q++;
	return q;
}

static bool plus_line(const char *p, const char *end, struct strace_line *l)
{
	const char *q;

	if (starts(p, end, "+++ exited with ")) {
		l->kind = STRACE_EXITED;
		return digits(p + 16, end, &l->number);
	}
	if (starts(p, end, "+++ killed by ")) {
		l->kind = STRACE_KILLED;
		for (q = p + 14; q < end && is_name(*q); q++)
			;
		l->word = (struct strace_text){ p + 14, q };
		return true;
	}
	if (starts(p, end, "+++ superseded by execve in pid ")) {
		l->kind = STRACE_SUPERSEDED;
		return digits(p + 32, end, &l->number);
	}
	return false;
}

bool strace_parse_line(const char *p, const char *end, struct strace_line *l, const char **at)
{
	static const char unfinished[] = "<unfinished ...>", resumed[] = " resumed>";
	const char *q;

	*l = (struct strace_line){ .kind = STRACE_NOISE };
	*at = p;
	if (starts(p, end, "strace: ") || p == end)
		return true;
	q = take_pid(p, end, l);
	if (q)
		q = take_time(q, end, l);
	if (!q || q == end)
		return false;
	p = *at = q;
	if (starts(p, end, "+++ "))
		return plus_line(p, end, l);
	if (starts(p, end, "--- ")) {
		if (!starts(p, end, "--- SIG"))
			return ends(p, end, "---");
		for (q = p + 4; q < end && is_name(*q); q++)
			;
		l->kind = STRACE_SIGNAL;
		l->word = (struct strace_text){ p + 4, q };
		return ends(p, end, "---");
	}
	if (starts(p, end, "<detached ..."))
		return true;
	if (starts(p, end, "<... ")) {
		for (q = p + 5; q < end && is_name(*q); q++)
			;
		l->kind = STRACE_RESUMED;
		l->word = (struct strace_text){ p + 5, q };
		if (!starts(q, end, resumed)) {
			*at = q;
			return false;
		}
		l->body = (struct strace_text){ q + sizeof(resumed) - 1, end };
		return true;
	}
	for (q = p; q < end && is_name(*q); q++)
		;
	if (q == p || q == end || *q != '(') {
		*at = q;
		return false;
	}
	l->word = (struct strace_text){ p, q };
	l->kind = STRACE_CALL;
	l->body = (struct strace_text){ p, end };
	if (ends(p, end, unfinished)) {
		l->kind = STRACE_UNFINISHED;
		l->body.end = end - (sizeof(unfinished) - 1);
		while (l->body.end > p && l->body.end[-1] == ' ')
			l->body.end--;
	}
	return true;
}

/* ---- call ---------------------------------------------------------------------------------------- */

/* Behind a quoted string, a path in <>, a comment; NULL when it does not end. */
static const char *skip_quoted(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

static const char *skip_opaque(const char *p, const char *start, const char *end)
{
	const char *q;

	if (*p == '"')
		return skip_quoted(p, end);
	if (starts(p, end, "/*")) {
		q = memmem(p, (size_t)(end - p), "*/", 2);
		return q ? q + 2 : NULL;
	}
	/* "<<" is a shift; a path follows a descriptor at once */
	if (*p == '<' && p > start && (is_digit(p[-1]) || p[-1] == 'D') && p + 1 < end && p[1] != '<') {
		q = memchr(p, '>', (size_t)(end - p));
		return q ? q + 1 : NULL;
	}
	return p;
}

bool strace_parse_call(const char *p, const char *end, struct strace_call *c, const char **at)
{
	unsigned depth = 0;
	const char *start = p, *arg;

	*c = (struct strace_call){ .nr = 0 };
	while (p < end && is_name(*p))
		p++;
	c->name = (struct strace_text){ start, p };
	*at = p;
	if (p == start || p == end || *p != '(')
		return false;
	arg = start = ++p;
	for (;;) {
		const char *q;

		if (p >= end) {
			*at = p;
			return false;
		}
		q = skip_opaque(p, start, end);
		if (!q) {
			*at = p;
			return false;
		}
		if (q != p) {
			p = q;
			continue;
		}
		if (depth == 0 && (*p == ',' || *p == ')')) {
			struct strace_text t = trim(arg, p);

			if (t.p < t.end || *p == ',') {
				if (c->nr < STRACE_ARGS)
					c->arg[c->nr] = t;
				c->nr++;
			}
			arg = p + 1;
			if (*p == ')')
				break;
		} else if (*p == '(' || *p == '[' || *p == '{') {
			depth++;
		} else if (*p == ')' || *p == ']' || *p == '}') {
			if (!depth--) {
				*at = p;
				return false;
			}
		}
		p++;
	}
	c->args = (struct strace_text){ start, p };
	for (p++; p < end && *p == ' '; p++)
		;
	*at = p;
	if (p == end || *p != '=')
		return false;
	for (p++; p < end && *p == ' '; p++)
		;
	*at = p;
	for (start = p; p < end && *p != ' '; p++)
		;
	c->result = (struct strace_text){ start, p };
	c->never = strace_is(c->result, "?");
	c->failed = strace_is(c->result, "-1");
	return p > start;
}

bool strace_number(struct strace_text t, uint64_t *v)
{
	const char *p = t.p;
	unsigned base = 10;
	bool minus = p < t.end && *p == '-', any = false;

	*v = 0;
	if (strace_is(t, "NULL"))
		return true;
	if (minus)
		p++;
	if (t.end - p > 2 && p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	} else if (t.end - p > 1 && *p == '0') {
		base = 8;
	}
	for (; p < t.end; p++, any = true) {
		unsigned digit = is_digit(*p) ? (unsigned)(*p - '0') :
				 *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a' + 10) : 99;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(*v, base, v) || __builtin_add_overflow(*v, digit, v))
			return false;
	}
	if (minus)
		*v = 0 - *v;
	return any && (p == t.end || *p == ' ' || *p == '<' || *p == '/');
}

uint64_t strace_flags(struct strace_text t, const struct strace_name *names, unsigned *unknown)
{
	uint64_t flags = 0;

	while (t.p < t.end) {
		const char *bar = memchr(t.p, '|', (size_t)(t.end - t.p)), *stop = bar ? bar : t.end;
		struct strace_text word = trim(t.p, stop);
		const struct strace_name *n = names;
		uint64_t v;

		/* a number may be followed by its names in a comment, with bars of their own */
		if (starts(word.p, word.end, "/*"))
			break;
		while (n->name && !strace_is(word, n->name))
			n++;
		if (n->name)
			flags |= n->value;
		else if (strace_number(word, &v))
			flags |= v;
		else
			++*unknown;
		if (memmem(word.p, (size_t)(word.end - word.p), "/*", 2))
			break;
		t.p = bar ? bar + 1 : t.end;
	}
	return flags;
}

struct strace_text strace_fd_path(struct strace_text t)
{
	const char *less = memchr(t.p, '<', (size_t)(t.end - t.p));

	if (!less || t.end[-1] != '>')
		return (struct strace_text){ t.end, t.end };
	return (struct strace_text){ less + 1, t.end - 1 };
}

/* ---- names --------------------------------------------------------------------------------------- */

const struct strace_name strace_prots[] = {
	{ "PROT_NONE", 0 }, { "PROT_READ", EG_PROT_READ }, { "PROT_WRITE", EG_PROT_WRITE }, { "PROT_EXEC", EG_PROT_EXEC },
	{ "PROT_GROWSDOWN", 0 }, { "PROT_GROWSUP", 0 }, { "PROT_SEM", 0 }, { NULL, 0 },
};

const struct strace_name strace_maps[] = {
	{ "MAP_PRIVATE", 0 }, { "MAP_SHARED", EG_MAP_SHARED }, { "MAP_SHARED_VALIDATE", EG_MAP_SHARED },
	{ "MAP_ANONYMOUS", EG_MAP_ANON }, { "MAP_FIXED", EG_MAP_FIXED },
	{ "MAP_FIXED_NOREPLACE", EG_MAP_FIXED | EG_MAP_NOREPLACE }, { "MAP_POPULATE", EG_MAP_POPULATE },
	{ "MAP_NORESERVE", EG_MAP_NORESERVE }, { "MAP_STACK", EG_MAP_STACK }, { "MAP_GROWSDOWN", EG_MAP_GROWSDOWN },
	{ "MAP_LOCKED", EG_MAP_LOCKED }, { "MAP_HUGETLB", EG_MAP_HUGETLB }, { "MAP_DENYWRITE", 0 },
	{ "MAP_EXECUTABLE", 0 }, { "MAP_NONBLOCK", 0 }, { "MAP_32BIT", 0 }, { "MAP_SYNC", 0 }, { "MAP_FILE", 0 },
	{ "21<<MAP_HUGE_SHIFT", 0 }, { "30<<MAP_HUGE_SHIFT", 0 }, { NULL, 0 },
};

const struct strace_name strace_advices[] = {           /* uapi/asm-generic/mman-common.h */
	{ "MADV_NORMAL", 0 }, { "MADV_RANDOM", 1 }, { "MADV_SEQUENTIAL", 2 }, { "MADV_WILLNEED", 3 },
	{ "MADV_DONTNEED", EG_MADV_DONTNEED }, { "MADV_FREE", EG_MADV_FREE }, { "MADV_REMOVE", 9 },
	{ "MADV_DONTFORK", 10 }, { "MADV_DOFORK", 11 }, { "MADV_MERGEABLE", 12 }, { "MADV_UNMERGEABLE", 13 },
	{ "MADV_HUGEPAGE", EG_MADV_HUGEPAGE }, { "MADV_NOHUGEPAGE", EG_MADV_NOHUGEPAGE }, { "MADV_DONTDUMP", 16 },
	{ "MADV_DODUMP", 17 }, { "MADV_WIPEONFORK", 18 }, { "MADV_KEEPONFORK", 19 }, { "MADV_COLD", 20 },
	{ "MADV_PAGEOUT", 21 }, { "MADV_POPULATE_READ", 22 }, { "MADV_POPULATE_WRITE", 23 },
	{ "MADV_DONTNEED_LOCKED", 24 }, { "MADV_COLLAPSE", 25 }, { NULL, 0 },
};

const struct strace_name strace_clones[] = {            /* others do not concern memory: strace_flags() counts them */
	{ "CLONE_VM", EG_CLONE_VM }, { "CLONE_THREAD", EG_CLONE_THREAD }, { "CLONE_VFORK", EG_CLONE_VFORK }, { NULL, 0 },
};

const struct strace_name strace_remaps[] = {
	{ "MREMAP_MAYMOVE", EG_MREMAP_MAYMOVE }, { "MREMAP_FIXED", EG_MREMAP_FIXED }, { "MREMAP_DONTUNMAP", 4 }, { NULL, 0 },
};

const struct strace_name strace_signals[] = {
	{ "SIGHUP", 1 }, { "SIGINT", 2 }, { "SIGQUIT", 3 }, { "SIGILL", 4 }, { "SIGTRAP", 5 }, { "SIGABRT", 6 },
	{ "SIGBUS", 7 }, { "SIGFPE", 8 }, { "SIGKILL", 9 }, { "SIGUSR1", 10 }, { "SIGSEGV", 11 }, { "SIGUSR2", 12 },
	{ "SIGPIPE", 13 }, { "SIGALRM", 14 }, { "SIGTERM", 15 }, { "SIGSTKFLT", 16 }, { "SIGCHLD", 17 },
	{ "SIGCONT", 18 }, { "SIGSTOP", 19 }, { "SIGTSTP", 20 }, { "SIGTTIN", 21 }, { "SIGTTOU", 22 },
	{ "SIGURG", 23 }, { "SIGXCPU", 24 }, { "SIGXFSZ", 25 }, { "SIGVTALRM", 26 }, { "SIGPROF", 27 },
	{ "SIGWINCH", 28 }, { "SIGIO", 29 }, { "SIGPWR", 30 }, { "SIGSYS", 31 }, { NULL, 0 },
};
