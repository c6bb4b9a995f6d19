package fault

// ID is an `error_id` of the contract, section 9.4. Clients branch on it.
type ID string

// The ids, in the order of the contract's table.
const (
	Unauthorized                ID = "UNAUTHORIZED"
	AccountSuspended            ID = "ACCOUNT_SUSPENDED"
	PaymentRequired             ID = "PAYMENT_REQUIRED"
	InsufficientCredits         ID = "INSUFFICIENT_CREDITS"
	Forbidden                   ID = "FORBIDDEN"
	SecurityViolation           ID = "SECURITY_VIOLATION"
	ModelNotFound               ID = "MODEL_NOT_FOUND"
	EndpointNotFound            ID = "ENDPOINT_NOT_FOUND"
	InvalidRequest              ID = "INVALID_REQUEST"
	InvalidParameter            ID = "INVALID_PARAMETER"
	InvalidDateFormat           ID = "INVALID_DATE_FORMAT"
	InvalidDateRange            ID = "INVALID_DATE_RANGE"
	InvalidParameterCombination ID = "INVALID_PARAMETER_COMBINATION"
	ValidationError             ID = "VALIDATION_ERROR"
	InvalidInput                ID = "INVALID_INPUT"
	ModelNotSupported           ID = "MODEL_NOT_SUPPORTED"
	RateLimitExceeded           ID = "RATE_LIMIT_EXCEEDED"
	RateLimited                 ID = "RATE_LIMITED"
	InferenceRateLimited        ID = "INFERENCE_RATE_LIMITED"
	ContentPolicyViolation      ID = "CONTENT_POLICY_VIOLATION"
	InternalError               ID = "INTERNAL_ERROR"
	InferenceError              ID = "INFERENCE_ERROR"
	PredictionFailed            ID = "PREDICTION_FAILED"
	ServiceUnavailable          ID = "SERVICE_UNAVAILABLE"
	InferenceTimeout            ID = "INFERENCE_TIMEOUT"
)

// Surface says in which envelopes an id may appear.
type Surface int

// The surfaces of the contract's table.
const (
	Both Surface = iota
	REST
	Inference
)

// Retry says whether the same call may succeed later.
type Retry int

// The retry rules of the contract's table.
const (
	Never Retry = iota
	Later
	AfterRetryAfter
)

// Entry is one row of the error table.
type Entry struct {
	ID       ID
	Status   int
	Surface  Surface
	Type     string // inference envelope: error.type
	Code     string // inference envelope: error.code
	Category string // inference envelope: error.details.category
	Retry    Retry
	Cause    string // for the documentation: what leads to it
	Cure     string // for the documentation: what the caller does about it
}

// Table returns every row, in the contract's order.
func Table() []Entry {
	return []Entry{
		{Unauthorized, 401, Both, "authentication_error", "invalid_api_key", "authentication", Never,
			"The API key is missing, malformed, unknown, expired or revoked.", "Send a valid key as `x-api-key` or `Authorization: Bearer`."},
		{AccountSuspended, 401, Both, "permission_error", "account_suspended", "authentication", Never,
			"The account that owns the key is suspended.", "Ask the operator of this server."},
		{PaymentRequired, 402, Both, "billing_error", "payment_required", "billing", Never,
			"The balance of the account is negative.", "Add credit to the account."},
		{InsufficientCredits, 402, Both, "billing_error", "insufficient_credits", "billing", Never,
			"The credit left does not cover this request.", "Add credit, or ask for less (a lower `max_tokens`)."},
		{Forbidden, 403, Both, "permission_error", "forbidden", "permission", Never,
			"The key may not do this: a scope, a model list or an address list forbids it.", "Use a key with the needed permission."},
		{SecurityViolation, 403, Both, "permission_error", "security_violation", "policy", Never,
			"The request asks the server to reach an address that it must not reach.", "Send the content itself, or a public address."},
		{ModelNotFound, 404, Both, "server_error", "model_not_found", "request", Never,
			"No model with this name is open to the key.", "List the models with `GET /v1/models`."},
		{EndpointNotFound, 404, Both, "invalid_request_error", "endpoint_not_found", "request", Never,
			"There is no such route, or it does not take this method (then 405).", "Check the path and the method."},
		{InvalidRequest, 400, Both, "invalid_request_error", "invalid_request", "request", Never,
			"The body is not valid JSON, is too large (413), or the model refused it as malformed.", "Correct the body."},
		{InvalidParameter, 400, Both, "invalid_request_error", "invalid_parameter", "request", Never,
			"A field has the wrong type or a value out of range.", "Correct the field that `param` or the message names."},
		{InvalidDateFormat, 400, REST, "invalid_request_error", "invalid_date_format", "request", Never,
			"A date is not of the form YYYY-MM-DD.", "Correct the date."},
		{InvalidDateRange, 400, REST, "invalid_request_error", "invalid_date_range", "request", Never,
			"`from` lies after `to`.", "Swap or correct the dates."},
		{InvalidParameterCombination, 400, REST, "invalid_request_error", "invalid_parameter_combination", "request", Never,
			"Two parameters exclude each other.", "Leave one of them out."},
		{ValidationError, 422, REST, "invalid_request_error", "validation_error", "request", Never,
			"A required field is missing.", "Send the field that the message names."},
		{InvalidInput, 422, REST, "invalid_request_error", "invalid_input", "request", Never,
			"The input does not satisfy the model's schema.", "Correct the paths that the message names."},
		{ModelNotSupported, 422, Both, "invalid_request_error", "model_not_supported", "request", Never,
			"The model exists but does not serve this route, or not this input.", "Use the route that the model's card names."},
		{RateLimitExceeded, 429, REST, "rate_limit_error", "rate_limit_exceeded", "rate_limit", AfterRetryAfter,
			"A rate limit of the account is used up.", "Wait for the seconds in `Retry-After`."},
		{RateLimited, 429, Inference, "rate_limit_error", "rate_limit_exceeded", "rate_limit", AfterRetryAfter,
			"A rate limit of the account is used up.", "Wait for the seconds in `Retry-After`."},
		{InferenceRateLimited, 429, Inference, "rate_limit_error", "inference_rate_limited", "inference", AfterRetryAfter,
			"The model is busy.", "Wait for the seconds in `Retry-After`."},
		{ContentPolicyViolation, 451, Both, "invalid_request_error", "content_policy_violation", "policy", Never,
			"A content rule refused the request or the answer.", "Change the content."},
		{InternalError, 500, Both, "server_error", "internal_error", "infrastructure", Later,
			"The server met an unexpected condition.", "Try again; report the request id if it stays."},
		{InferenceError, 500, Inference, "server_error", "service_error", "inference", Later,
			"The model failed, or its operator's set-up is wrong.", "Try again; report the request id if it stays."},
		{PredictionFailed, 502, REST, "server_error", "prediction_failed", "inference", Later,
			"No prediction with this id is visible to the key.", "Check the id."},
		{ServiceUnavailable, 503, Both, "server_error", "service_unavailable", "infrastructure", Later,
			"The model or a part of the server cannot be reached now.", "Try again later."},
		{InferenceTimeout, 504, Inference, "server_error", "inference_timeout", "inference", Later,
			"The model did not answer in time.", "Try again, or ask for less."},
	}
}

// Entry returns the row of the id. An id that is not in the table is a
// programming error and reads as INTERNAL_ERROR.
func (id ID) Entry() Entry {
	var internal Entry
	for _, e := range Table() {
		if e.ID == id {
			return e
		}
		if e.ID == InternalError {
			internal = e
		}
	}
	return internal
}
