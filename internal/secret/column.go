package secret

// Column is a place in the database that holds sealed values: what seals them anew after
// a change of the master key, and what counts them, needs to know of it. The domain that
// owns the table describes it.
type Column struct {
	Name  string // what people call the values, in the plural: "webhook secrets of accounts"
	Use   Use
	Table string
	ID    string // the column of the primary key, a text
	Value string // the column of the sealed value, "" where there is none
	// Where are the conditions that together find all rows with a value, each quick by
	// an index or because the table is small.
	Where []string
	// Context is what the value of the row with this id is bound to (Sealer.Seal).
	Context func(id string) []byte
}
