package limit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/money"
)

func TestParseTiers(t *testing.T) {
	t.Parallel()
	table, err := ParseTiers(" 0:25/10/2 100:50  0500.50:150/75/10/-/9000/4\n enterprise=-:-/-/- ")
	if err != nil {
		t.Fatal(err)
	}
	const u = Unlimited
	want := Table{
		rising: []Tier{
			{Name: "1", Standard: Numbers{25, u, u, u}, Edge: Numbers{10, u, u, 2}},
			{Name: "2", Spent: 100 * money.Dollar, Standard: Numbers{50, u, u, u}, Edge: Numbers{0, u, u, 0}, NoEdge: true},
			{Name: "3", Spent: 500*money.Dollar + money.Dollar/2, Standard: Numbers{150, u, 9000, 4}, Edge: Numbers{75, u, 9000, 10}},
		},
		named: []Tier{{Name: "enterprise", Spent: -1, Standard: Numbers{u, u, u, u}, Edge: Numbers{u, u, u, u}}},
	}
	if diff := cmp.Diff(want, table, cmp.AllowUnexported(Table{})); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(table.Names(), " "); got != "1 2 3 enterprise" {
		t.Errorf("names are %s", got)
	}
	for spent, want := range map[money.Nanos]string{
		-1: "1", 0: "1", 100*money.Dollar - 1: "1", 100 * money.Dollar: "2", 500 * money.Dollar: "2", 501 * money.Dollar: "3", 1 << 62: "3",
	} {
		if got := table.For(spent); got != want {
			t.Errorf("%s dollars: tier %s, want %s", spent, got, want)
		}
	}
	for name, want := range map[string]string{"2": "2", "9": "3", "0": "1", "": "1", "-4": "1", "enterprise": "enterprise", "gone": "1", "99999999999999999999": "1"} {
		if got := table.tier(name).Name; got != want {
			t.Errorf("an account of tier %q has the limits of %s, want %s", name, got, want)
		}
	}
}

func TestParseTiersSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "none that begins at 0 dollars",
		"pro=-:1/1/1":                 "none that begins at 0 dollars",
		"5:1/1/1":                     `tier "5:1/1/1": the first tier must begin at 0 dollars`,
		"0:1/1/1 100:2/2/2 100:3/3/3": `tier "100:3/3/3": it must begin at more than the tier before it, 100.00 dollars`,
		"0:1/1/1 50":                  `tier "50": there is no colon`,
		"0:1/1":                       "it has 2 numbers",
		"0:1/1/1/1/1/1/1":             "it has 7 numbers",
		"0:1/x/1":                     `"x" is no limit`,
		"0:1/-1/1":                    `"-1" is no limit`,
		"0:1/9999999999999999999/1":   "is no limit",
		"0:1//1":                      `"" is no limit`,
		"ten:1/1/1":                   `"ten" is not what must be spent`,
		"-5:1/1/1":                    `"-5" is not what must be spent`,
		"0:1/1/1 Pro=-:1/1/1":         `"Pro" is no name`,
		"0:1/1/1 3=-:1/1/1":           `"3" is no name`,
		"0:1/1/1 pro=20:1/1/1":        "write pro=- before the colon",
		"0:1/1/1 a=-:1 a=-:2":         "there are two of the name a",
	} {
		_, err := ParseTiers(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
