package limit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Whose limits are looked at. Key "" is all keys of the account.
type Whose struct{ Account, Key, Tier string }

// Use of one dimension; Limited is false where nothing is configured.
type Gauge struct {
	Limited     bool
	Limit, Used int64
	Reset       time.Duration // until all that is used has left the window; of calls nobody knows
}

// Standing is a scope with its limits and what is used of them now.
type Standing struct {
	Scope
	Requests, TokensIn, TokensOut, Calls Gauge
}

// View is an account's limits. General are those of the tier and of rules that count each
// model or route apart, without use; Scopes are those with use, and those that rules name.
type View struct {
	Tier            string // "": tiers are off
	General, Scopes []Standing
}

// peeker is an engine that can be looked at.
type peeker interface {
	// peek reads what is used of scopes, and in how many milliseconds it will have left the
	// window. Nothing is taken.
	peek(context.Context, []Draw) (used, reset []Numbers, err error)
	// seen are the scopes of an account that this process knows.
	seen(account string) []Scope
}

// Peek says how an account stands, and takes nothing. The scopes are those that this
// process has seen in the last minute, with the use of all processes.
func (s *Service) Peek(ctx context.Context, who Whose) (View, error) {
	view := View{General: s.general(who)}
	if !s.tiers.Off() {
		view.Tier = s.tiers.tier(who.Tier).Name
	}
	engine, can := s.engine.(peeker)
	if !can {
		return view, nil
	}
	var draws []Draw
	for _, scope := range s.known(engine, who) {
		if limits, limited := s.limitsOf(scope, who.Tier); limited {
			draws = append(draws, Draw{scope, limits})
		}
	}
	used, reset, err := engine.peek(ctx, draws)
	if err != nil {
		return View{}, fmt.Errorf("look at limits: %w", err)
	}
	for i, d := range draws {
		view.Scopes = append(view.Scopes, standing(d.Scope, d.Limits, used[i], reset[i]))
	}
	return view, nil
}

// known are the scopes in use and those that rules name as a whole, in the order of their
// names.
func (s *Service) known(engine peeker, who Whose) []Scope {
	list := engine.seen(who.Account)
	if rules := s.ruleSet(who.Account); rules != nil {
		for _, r := range rules.list {
			if r.surface != "" && r.route != "" && r.model != "" {
				list = append(list, Scope{who.Account, r.key, r.surface, r.route, r.model})
			}
		}
	}
	list = slices.DeleteFunc(list, func(c Scope) bool { return who.Key != "" && c.Key != "" && c.Key != who.Key })
	slices.SortFunc(list, func(a, b Scope) int {
		return slices.Compare([]string{a.Key, a.Surface, a.Route, a.Model}, []string{b.Key, b.Surface, b.Route, b.Model})
	})
	return slices.Compact(list)
}

func (s *Service) ruleSet(account string) *ruleSet {
	if s.rules == nil {
		return nil
	}
	return s.rules.of(account)
}

// limitsOf are the numbers that hold for a scope now.
func (s *Service) limitsOf(scope Scope, tier string) (limits Numbers, limited bool) {
	var draws [maxDraws]Draw
	n, _ := s.plan(&Request{Account: scope.Account, Key: scope.Key, Tier: tier, Surface: scope.Surface, Route: scope.Route, Model: scope.Model}, &draws)
	for _, d := range draws[:n] {
		if d.Scope == scope {
			return d.Limits, true
		}
	}
	return limits, false
}

// general are the limits that hold for many scopes, each apart.
func (s *Service) general(who Whose) (list []Standing) {
	if !s.tiers.Off() {
		tier := s.tiers.tier(who.Tier)
		list = append(list, standing(Scope{who.Account, "", Standard, AllModels, ""}, tier.Standard, Numbers{}, Numbers{}))
		if !tier.NoEdge {
			list = append(list, standing(Scope{who.Account, "", Edge, AllModels, ""}, tier.Edge, Numbers{}, Numbers{}))
		}
	}
	rules := s.ruleSet(who.Account)
	if rules == nil {
		return list
	}
	for _, r := range rules.list {
		if r.surface != "" && r.route != "" && r.model != "" || who.Key != "" && r.key != "" && r.key != who.Key {
			continue
		}
		surfaces, route := []string{r.surface}, r.route
		if r.surface == "" {
			surfaces = []string{Standard, Edge}
		}
		if route == "" {
			route = AllModels
		}
		for _, surface := range surfaces {
			list = append(list, standing(Scope{who.Account, r.key, surface, route, r.model}, r.limits, Numbers{}, Numbers{}))
		}
	}
	return list
}

func standing(scope Scope, limits, used, reset Numbers) Standing {
	of := func(dim int) Gauge {
		if limits[dim] < 0 {
			return Gauge{}
		}
		return Gauge{Limited: true, Limit: limits[dim], Used: max(used[dim], 0), Reset: time.Duration(reset[dim]) * time.Millisecond}
	}
	return Standing{scope, of(requests), of(tokensIn), of(tokensOut), of(calls)}
}

// reset is in how many milliseconds all that the window has will have left it.
func (w *window) reset(now int64) int64 {
	for s := w.last; s > w.last-cellCount; s-- {
		if w.cells[(s+cellCount)%cellCount] != 0 {
			return max((s+cellCount)*millis-now, 1)
		}
	}
	return 0
}

func (w *window) look(now int64) (used, reset int64) {
	if w == nil {
		return 0, 0
	}
	w.advance(now / millis)
	return w.sum, w.reset(now)
}

func (m *Memory) peek(_ context.Context, draws []Draw) (used, reset []Numbers, err error) {
	now := m.now().UnixMilli()
	used, reset = make([]Numbers, len(draws)), make([]Numbers, len(draws))
	for i, d := range draws {
		shard := m.scopes.of(d.Scope.Account)
		shard.Lock()
		if u := shard.entries[d.Scope]; u != nil {
			for dim, w := range u.windows {
				used[i][dim], reset[i][dim] = w.look(now)
			}
			u.expire(now)
			used[i][calls] = int64(len(u.slots))
		}
		shard.Unlock()
	}
	return used, reset, nil
}

// seen are the scopes of an account that have been used in the last minute or so.
func (m *Memory) seen(account string) []Scope { return scopesIn(m.scopes.of(account), account) }

func scopesIn[E any](shard *shard[E], account string) (list []Scope) {
	shard.Lock()
	defer shard.Unlock()
	for scope := range shard.entries {
		if scope.Account == account {
			list = append(list, scope)
		}
	}
	return list
}

func (s *Shared) seen(account string) []Scope { return scopesIn(s.traces.of(account), account) }

// peek asks Redis; while that is away, what this process has let through is what there is
// to see.
func (s *Shared) peek(ctx context.Context, draws []Draw) (used, reset []Numbers, err error) {
	if s.regime.Load().mode == together {
		if used, reset, err = s.redis.peek(ctx, draws); err == nil {
			return used, reset, nil
		}
	}
	now := s.millis()
	used, reset = make([]Numbers, len(draws)), make([]Numbers, len(draws))
	for i, d := range draws {
		shard := s.traces.of(d.Scope.Account)
		shard.Lock()
		if t := shard.entries[d.Scope]; t != nil {
			for dim, w := range t.own {
				used[i][dim], reset[i][dim] = w.look(now)
			}
			used[i][calls] = int64(len(t.open))
		}
		shard.Unlock()
	}
	return used, reset, nil
}

// peekScript reads windows and slots and writes nothing. ARGV has a kind (w or s) for each
// key. The answer, for each key: what is used, and the milliseconds until it is not.
const peekScript = scriptHead + `
local answer = {}
for k = 1, #KEYS do
	local used, reset = 0, 0
	if ARGV[k + 2] == 'w' then
		local w = load(KEYS[k])
		used = w[2]
		for s = w[1], w[1] - CELLS + 1, -1 do
			if w[s % CELLS + 3] ~= 0 then
				reset = math.max((s + CELLS) * 1000 - now, 1)
				break
			end
		end
	else
		used = redis.call('ZCOUNT', KEYS[k], '(' .. now, '+inf')
	end
	answer[#answer + 1] = used
	answer[#answer + 1] = reset
end
return answer
`

// peekAtOnce is how many scopes one run of the script reads.
const peekAtOnce = 50

func (r *redis) peek(ctx context.Context, draws []Draw) (used, reset []Numbers, err error) {
	client, _, err := r.known()
	if err != nil {
		return nil, nil, err
	}
	script := rueidis.NewLuaScript(peekScript)
	for part := range slices.Chunk(draws, peekAtOnce) {
		keys, args := []string{}, r.head()
		for _, d := range part {
			for dim := range dimensions {
				keys, args = append(keys, redisKey(d.Scope, dim)), append(args, kindOf(dim))
			}
		}
		answer, err := r.ask(ctx, client, script, keys, args)
		if err != nil {
			return nil, nil, err
		}
		for i := range part {
			var u, t Numbers
			for dim := range dimensions {
				at := 2 * (i*dimensions + dim)
				u[dim], t[dim] = answer[at], answer[at+1]
			}
			used, reset = append(used, u), append(reset, t)
		}
	}
	return used, reset, nil
}

func (r *redis) ask(ctx context.Context, client rueidis.Client, script *rueidis.Lua, keys, args []string) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, upkeepPatience)
	defer cancel()
	answer, err := script.Exec(ctx, client, keys, args).AsIntSlice()
	if err != nil {
		return nil, fmt.Errorf("look into Redis: %w", err)
	}
	if len(answer) != 2*len(keys) {
		return nil, errStrange
	}
	return answer, nil
}

// String names a scope in tests and messages.
func (s Scope) String() string {
	return strings.Join([]string{s.Account, s.Key, s.Surface, s.Route, s.Model}, "/")
}
