package limit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/money"
)

// Tier is one row of the table: limits for each model and route.
type Tier struct {
	Name  string
	Spent money.Nanos // what an account must have spent in a month; less than zero: operators give it by hand

	Standard Numbers
	Edge     Numbers
	NoEdge   bool // the tier has no edge surface
}

// Table is the tiers of an installation. The zero Table is no tiers: nothing is limited.
type Table struct {
	rising []Tier // named 1, 2, …
	named  []Tier
}

// Off reports whether there are no tiers.
func (t Table) Off() bool { return len(t.rising) == 0 }

// Level is the number, from 1, of the tier of an account that spent so much in a month.
func (t Table) Level(spent money.Nanos) int64 {
	level := 1
	for i, tier := range t.rising {
		if spent >= tier.Spent {
			level = i + 1
		}
	}
	return int64(level)
}

// For is the name of that tier.
func (t Table) For(spent money.Nanos) string { return strconv.FormatInt(t.Level(spent), 10) }

// Names are all tiers that an account can have.
func (t Table) Names() []string {
	var names []string
	for _, tier := range slices.Concat(t.rising, t.named) {
		names = append(names, tier.Name)
	}
	return names
}

// tier finds a tier by its name. A number beyond the table, which may have become
// shorter, is the last one; a name that is not there is the first, which gives the least.
func (t *Table) tier(name string) *Tier {
	for i := range t.named {
		if t.named[i].Name == name {
			return &t.named[i]
		}
	}
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		n = 1
	}
	return &t.rising[min(max(int(n), 1), len(t.rising))-1]
}

// ParseTiers reads the setting tier_table: tiers with spaces between them, each
//
//	SPENT:REQUESTS/EDGE_REQUESTS/EDGE_STREAMS[/TOKENS_IN/TOKENS_OUT/STREAMS]
//	NAME=-:…  for a tier that operators give by hand
//
// where `-` is no limit, and a tier without edge numbers (or with 0 edge requests) has no
// edge surface. The first tier begins at 0 dollars, and each next one at more.
func ParseTiers(text string) (Table, error) {
	var t Table
	for _, word := range strings.Fields(text) {
		tier, err := parseTier(word)
		if err != nil {
			return Table{}, fmt.Errorf("tier %q: %w", word, err)
		}
		if err := t.add(tier); err != nil {
			return Table{}, fmt.Errorf("tier %q: %w", word, err)
		}
	}
	if t.Off() {
		return Table{}, fmt.Errorf("the table of tiers has none that begins at 0 dollars, such as 0:25/10/2")
	}
	return t, nil
}

func (t *Table) add(tier Tier) error {
	if tier.Name != "" {
		if slices.ContainsFunc(t.named, func(other Tier) bool { return other.Name == tier.Name }) {
			return fmt.Errorf("there are two of the name %s", tier.Name)
		}
		t.named = append(t.named, tier)
		return nil
	}
	switch last := len(t.rising) - 1; {
	case last < 0 && tier.Spent != 0:
		return fmt.Errorf("the first tier must begin at 0 dollars")
	case last >= 0 && tier.Spent <= t.rising[last].Spent:
		return fmt.Errorf("it must begin at more than the tier before it, %s dollars", t.rising[last].Spent)
	}
	tier.Name = strconv.Itoa(len(t.rising) + 1)
	t.rising = append(t.rising, tier)
	return nil
}

func parseTier(word string) (Tier, error) {
	head, tail, found := strings.Cut(word, ":")
	if !found {
		return Tier{}, fmt.Errorf("there is no colon between what was spent and the limits: SPENT:REQUESTS/EDGE_REQUESTS/EDGE_STREAMS")
	}
	tier, err := parseTierHead(head)
	if err != nil {
		return Tier{}, err
	}
	numbers, err := parseTierNumbers(strings.Split(tail, "/"))
	if err != nil {
		return Tier{}, err
	}
	in, out := numbers[3], numbers[4]
	tier.Standard = Numbers{requests: numbers[0], tokensIn: in, tokensOut: out, calls: numbers[5]}
	tier.Edge = Numbers{requests: numbers[1], tokensIn: in, tokensOut: out, calls: numbers[2]}
	tier.NoEdge = tier.Edge[requests] == 0
	return tier, nil
}

// parseTierHead reads what stands before the colon.
func parseTierHead(head string) (Tier, error) {
	name, spent, named := strings.Cut(head, "=")
	if !named {
		n, err := money.Parse(head)
		if err != nil || n < 0 {
			return Tier{}, fmt.Errorf("%q is not what must be spent in a month: dollars, such as 100", head)
		}
		return Tier{Spent: n}, nil
	}
	if !plainName(name) {
		return Tier{}, fmt.Errorf("%q is no name: it must be of small letters, digits, - and _, and begin with a letter", name)
	}
	if spent != "-" {
		return Tier{}, fmt.Errorf("a tier with a name is given by hand, not by spending: write %s=- before the colon", name)
	}
	return Tier{Name: name, Spent: -1}, nil
}

func plainName(name string) bool {
	return name != "" && name[0] >= 'a' && name[0] <= 'z' && len(name) <= 40 &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// parseTierNumbers reads the numbers behind the colon: one, three or six.
func parseTierNumbers(words []string) (numbers [6]int64, err error) {
	numbers = [6]int64{0, 0, 0, Unlimited, Unlimited, Unlimited}
	if len(words) != 1 && len(words) != 3 && len(words) != 6 {
		return numbers, fmt.Errorf("it has %d numbers behind the colon: REQUESTS, then perhaps /EDGE_REQUESTS/EDGE_STREAMS, then perhaps /TOKENS_IN/TOKENS_OUT/STREAMS", len(words))
	}
	for i, word := range words {
		if word == "-" {
			numbers[i] = Unlimited
			continue
		}
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil || n > maxLimit {
			return numbers, fmt.Errorf("%q is no limit: a whole number, or - for none", word)
		}
		numbers[i] = int64(n)
	}
	return numbers, nil
}
