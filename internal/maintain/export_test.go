package maintain

// InBatches has a copy write few rows at a time, and tell of each batch.
func (o CopyOptions) InBatches(rows int, wrote func(table string)) CopyOptions {
	o.batchRows, o.wrote = rows, wrote
	return o
}
