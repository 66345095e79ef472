"""Time intervals, as they stand in a rule's schedule: valid ones, and those that the rule file may not hold.

The ids that begin with `theirs` are cases of Alertmanager 0.34.1's own tests (timeinterval_test.go).
"""

WEEK = "sunday, monday, tuesday, wednesday, thursday, friday, saturday"
YEAR = "january, february, march, april, may, june, july, august, september, october, november, december"
OVER_MIDNIGHT = "what goes over midnight is two, until 24:00 and from 00:00"
ONE_SIDE = "count both from the month's beginning, like '10:31', or both from its end, like '-3:-1'"
REVERSED = "ends before it begins: write two"
SHORT_MONTH = f"ends before it begins, at least in a short month: {ONE_SIDE}"
NO_DAY = "is no day of the month: write 1 to 31, or -1 to -31 from its end"
NO_TIME = "is no time of day: write it like 09:00, from 00:00 to 24:00"
NEVER = "must not be empty, which Alertmanager takes for never: leave it out"

VALID_INTERVALS = {
    "any-time": "{}",
    "theirs-business-hours": (
        "{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}"
    ),
    "theirs-everything": (
        "{weekdays: ['monday:friday', 'sunday'], months: ['january:march'], days_of_month: ['-7:-1'],"
        " years: ['2020:2025', '2030:2035'], times: [{start_time: '09:00', end_time: '17:00'}]}"
    ),
    "theirs-all-day": "{times: [{start_time: '00:00', end_time: '24:00'}]}",
    "theirs-four-minutes": "{times: [{start_time: '09:35', end_time: '09:39'}]}",
    "theirs-all-of-a-month": "{days_of_month: ['1:-1']}",
    "theirs-capital-letters": "{months: ['January:december']}",
    "theirs-location": "{years: ['2020:2022'], location: 'Australia/Sydney'}",
    "times-without-quotes": "{times: [{start_time: 09:00, end_time: 17:00}]}",
    "numbers-without-quotes": "{days_of_month: [1, -1], months: [12], years: [2026]}",
    "month-numbers": "{months: ['5', '06', '1:march']}",
    "day-with-zero": "{days_of_month: ['01:05', '-03:-01']}",
    "weekday-capital-letters": "{weekdays: ['MONDAY:Friday']}",
    "location-utc": "{location: UTC}",
    "location-local": "{location: Local}",
}

INVALID_INTERVALS = {
    "text": ("monday", ": must be a mapping, not 'monday'"),
    "unknown-key": ("{weekday: [monday]}", ".weekday: unknown key: did you mean weekdays?"),
    "weekday-misspelt": ("{weekdays: [mondy]}", ".weekdays[0]: 'mondy' is no weekday: did you mean monday?"),
    "weekday-not-in-a-list": ("{weekdays: monday}", ".weekdays: must be a list, not 'monday'"),
    "weekday-boolean": ("{weekdays: [true]}", ".weekdays[0]: must be a string, not true"),
    "weekday-space": (
        "{weekdays: ['monday: friday']}",
        ".weekdays[0]: ' friday' is no weekday: did you mean friday?",
    ),
    "weekday-three": (
        "{weekdays: ['monday:tuesday:friday']}",
        ".weekdays[0]: 'monday:tuesday:friday' is no range: write it as BEGIN:END",
    ),
    "weekday-open": ("{weekdays: ['monday:']}", f".weekdays[0]: '' is no weekday: known are {WEEK}"),
    "weekday-other-letters": (
        "{weekdays: ['frİday']}",
        r".weekdays[0]: 'fri\u0307day' is no weekday: did you mean friday?",
    ),
    "theirs-weekday-numbers": ("{weekdays: ['1:3']}", f".weekdays[0]: '1' is no weekday: known are {WEEK}"),
    "theirs-weekday-blurgsday": (
        "{weekdays: ['blurgsday:flurgsday']}",
        ".weekdays[0]: 'blurgsday' is no weekday: did you mean thursday?",
    ),
    "theirs-day-zero": ("{days_of_month: ['0']}", f".days_of_month[0]: '0' {NO_DAY}"),
    "theirs-day-50-from-the-end": ("{days_of_month: ['-50:-20']}", f".days_of_month[0]: '-50' {NO_DAY}"),
    "theirs-day-50": ("{days_of_month: ['1:50']}", f".days_of_month[0]: '50' {NO_DAY}"),
    "day-number-zero": ("{days_of_month: [0]}", f".days_of_month[0]: '0' {NO_DAY}"),
    "day-number-32": ("{days_of_month: [32]}", f".days_of_month[0]: '32' {NO_DAY}"),
    "day-list": ("{days_of_month: [[1, 5]]}", ".days_of_month[0]: must be a string, not a list"),
    "theirs-month-martius": (
        "{months: ['martius:june']}",
        f".months[0]: 'martius' is no month: known are {YEAR}",
    ),
    "theirs-month-junius": (
        "{months: ['march:junius']}",
        ".months[0]: 'junius' is no month: did you mean june?",
    ),
    "month-13": ("{months: ['13']}", ".months[0]: '13' is no month: write 1 to 12, or its name"),
    "month-zero": ("{months: [0]}", ".months[0]: '0' is no month: write 1 to 12, or its name"),
    "month-negative": ("{months: ['-1']}", ".months[0]: '-1' is no month: write 1 to 12, or its name"),
    "year-two-digits": ("{years: ['26']}", ".years[0]: '26' is no year: write its four digits"),
    "year-number": ("{years: [26]}", ".years[0]: '26' is no year: write its four digits"),
    "year-arabic-digits": (
        "{years: ['٢٠٢٦']}",
        r".years[0]: '\u0662\u0660\u0662\u0666' is no year: write its four digits",
    ),
    "time-25": (
        "{times: [{start_time: '25:00', end_time: '26:00'}]}",
        f".times[0].start_time: '25:00' {NO_TIME}",
        f".times[0].end_time: '26:00' {NO_TIME}",
    ),
    "theirs-time-minute-99": (
        "{times: [{start_time: '01:99', end_time: '23:59'}]}",
        f".times[0].start_time: '01:99' {NO_TIME}",
    ),
    "theirs-time-hour-99": (
        "{times: [{start_time: '00:00', end_time: '99:99'}]}",
        f".times[0].end_time: '99:99' {NO_TIME}",
    ),
    "theirs-time-after-24": (
        "{times: [{start_time: '12:30', end_time: '24:01'}]}",
        f".times[0].end_time: '24:01' {NO_TIME}",
    ),
    "theirs-time-without-end": ("{times: [{start_time: '14:03'}]}", ".times[0].end_time: is missing"),
    "time-one-digit": (
        "{times: [{start_time: 9:00, end_time: 17:00}]}",
        f".times[0].start_time: '9:00' {NO_TIME}",
    ),
    "time-number": (
        "{times: [{start_time: 900, end_time: 17:00}]}",
        ".times[0].start_time: must be a string, not 900",
    ),
    "time-unknown-key": (
        "{times: [{start_time: 09:00, end_time: 17:00, zone: UTC}]}",
        ".times[0].zone: unknown key: known are start_time, end_time",
    ),
    "times-text": ("{times: ['09:00-17:00']}", ".times[0]: must be a mapping, not '09:00-17:00'"),
    "times-empty": ("{times: []}", f".times: {NEVER}"),
    "weekdays-empty": ("{weekdays: []}", f".weekdays: {NEVER}"),
    "years-no-value": ("{years: }", ".years: has no value: write one, or leave it out"),
    "location-number": ("{location: 1}", ".location: must be a string, not 1"),
    "location-empty": ("{location: ''}", ".location: must not be empty"),
}
"""What stands there, and each problem as it goes on after the interval's own place in the file."""

ONLY_CHECK_SEES_INTERVALS = {
    "theirs-weekday-reversed": (
        "{weekdays: ['friday:monday']}",
        f".weekdays[0]: 'friday:monday' {REVERSED}, 'friday:saturday' and 'sunday:monday'",
    ),
    "weekday-weekend": (
        "{weekdays: ['Saturday:Sunday']}",
        f".weekdays[0]: 'saturday:sunday' {REVERSED}, 'saturday' and 'sunday'",
    ),
    "theirs-month-reversed": (
        "{months: ['december:january']}",
        f".months[0]: 'december:january' {REVERSED}, 'december' and 'january'",
    ),
    "month-numbers-reversed": (
        "{months: ['11:2']}",
        f".months[0]: '11:2' {REVERSED}, 'november:december' and 'january:february'",
    ),
    "theirs-year-reversed": (
        "{years: ['2022:2020']}",
        ".years[0]: '2022:2020' ends before it begins: write '2020:2022'",
    ),
    "theirs-day-over-the-end": (
        "{days_of_month: ['-15:5']}",
        ".days_of_month[0]: '-15:5' goes over the end of the month: write two, '-15:-1' and '1:5'",
    ),
    "theirs-day-reversed": ("{days_of_month: ['10:-25']}", f".days_of_month[0]: '10:-25' {SHORT_MONTH}"),
    "day-last-of-february": ("{days_of_month: ['28:-1']}", f".days_of_month[0]: '28:-1' {SHORT_MONTH}"),
    "day-both-reversed": ("{days_of_month: ['-1:-3']}", f".days_of_month[0]: '-1:-3' {SHORT_MONTH}"),
    "theirs-time-nothing": (
        "{times: [{start_time: '17:31', end_time: '17:31'}]}",
        f".times[0]: must end after it starts, not 17:31-17:31: {OVER_MIDNIGHT}",
    ),
    "theirs-time-reversed": (
        "{times: [{start_time: '09:30', end_time: '07:41'}]}",
        f".times[0]: must end after it starts, not 09:30-07:41: {OVER_MIDNIGHT}",
    ),
    "theirs-time-from-24": (
        "{times: [{start_time: '24:00', end_time: '17:41'}]}",
        f".times[0]: must end after it starts, not 24:00-17:41: {OVER_MIDNIGHT}",
    ),
    "location-misspelt": (
        "{location: Europe/Berln}",
        ".location: 'Europe/Berln' is no time zone: did you mean Europe/Berlin?",
    ),
    "location-nowhere": (
        "{location: '!'}",
        ".location: '!' is no time zone: write it like Europe/Berlin or UTC",
    ),
    "location-folder": ("{location: Europe}", ".location: 'Europe' is no time zone: "),
    "location-outside": ("{location: ../localtime}", ".location: '../localtime' is no time zone: "),
}
"""As above, for what a schema cannot see; each problem as it begins."""
